# readScalar : { at } -> value -> string | number | boolean | null. Paths and derivations become their store path.
{ at }: value:
let
  fail = import ./fail.nix;
  type = builtins.typeOf value;
in
if builtins.elem type [ "string" "int" "float" "bool" "null" ] then
  value
else if type == "path" || type == "set" && value.type or null == "derivation" then
  "${value}"
else
  fail {
    code = "LAB_VALUE_NOT_SCALAR";
    inherit at;
    message = "a parameter cannot be a ${type}";
    hint = "use a string, number, boolean, null, path or derivation; pass structured data as builtins.toJSON text";
  }
