# readAxes : { at } -> { name = [ value ]; } -> the same with scalar values. Refuses axes that are no list or empty.
{ at }: parameters:
let
  fail = import ./fail.nix;
  checkName = import ./checkName.nix;
  readScalar = import ./readScalar.nix;
  readAxis =
    name: values:
    if !builtins.isList values then
      fail {
        code = "LAB_AXIS_INVALID";
        at = "${at}.${name}";
        message = "an axis is a list, found ${builtins.typeOf values}";
        hint = "write ${name} = [ ... ]; one value is a list of one";
      }
    else if values == [ ] then
      fail {
        code = "LAB_AXIS_EMPTY";
        at = "${at}.${name}";
        message = "the axis has no values, so the run would have no jobs";
        hint = "give at least one value; ${name} = [ null ] uses the default of the stage";
      }
    else
      map (readScalar { at = "${at}.${name}"; }) values;
in
builtins.mapAttrs (name: values: readAxis (checkName { inherit at; } name) values) parameters
