# listValues : [ value ] -> [ value ], an axis of these values. The name that RepX 0.5 gives to a plain list.
values:
let
  fail = import ./fail.nix;
in
if builtins.isList values then
  values
else
  fail {
    code = "LAB_AXIS_INVALID";
    at = "list";
    message = "an axis is a list, found ${builtins.typeOf values}";
    hint = "write list [ 1 2 3 ], or the list alone";
  }
