# checkName : { at } -> string -> string. Names become file names, JSON keys and bash subscripts, so they stay plain.
{ at }: name:
let
  fail = import ./fail.nix;
  isPlain = builtins.isString name && builtins.match "[A-Za-z0-9_][A-Za-z0-9_.+-]*" name != null;
in
if isPlain then
  name
else
  fail {
    code = "LAB_NAME_INVALID";
    inherit at;
    message = "invalid name ${if builtins.isString name then builtins.toJSON name else "of type ${builtins.typeOf name}"}";
    hint = "use letters, digits and _ . + - and begin with a letter, a digit or _";
  }
