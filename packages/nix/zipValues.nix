# zipValues : { name = [ value ]; } -> zip, one axis of a run that sets all these parameters at once, row by row.
members:
let
  fail = import ./fail.nix;
in
if builtins.isAttrs members then
  {
    _repxType = "zip";
    inherit members;
  }
else
  fail {
    code = "LAB_TYPE_WRONG";
    at = "zip";
    message = "expected an attribute set, found ${builtins.typeOf members}";
    hint = "write zip { width = [ 1 2 ]; height = [ 3 4 ]; }";
  }
