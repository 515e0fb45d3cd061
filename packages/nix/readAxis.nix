# readAxis : { at, name } -> [ value ] -> [ scalar ]. Refuses what is no list, an empty list and values that are not scalar.
{ at, name }: values:
let
  fail = import ./fail.nix;
  readScalar = import ./readScalar.nix;
in
if !builtins.isList values then
  fail {
    code = "LAB_AXIS_INVALID";
    inherit at;
    message = "an axis is a list, found ${builtins.typeOf values}";
    hint = "write ${name} = [ ... ]; one value is a list of one; range, scan, files and dirs of mkUtils return lists";
  }
else if values == [ ] then
  fail {
    code = "LAB_AXIS_EMPTY";
    inherit at;
    message = "the axis has no values, so the run would have no jobs";
    hint = "give at least one value; ${name} = [ null ] uses the default of the stage";
  }
else
  builtins.genList (
    index: readScalar { at = "${at}[${toString index}]"; } (builtins.elemAt values index)
  ) (builtins.length values)
