# readScalar : { at } -> value -> string | number | boolean | null. Paths and derivations become their store path,
# a path by sanitizePath: what enters the job's id is what the file holds, not where it lies.
{ at }: value:
let
  fail = import ./fail.nix;
  sanitizePath = import ./sanitizePath.nix;
  type = builtins.typeOf value;
in
if builtins.elem type [ "string" "int" "float" "bool" "null" ] then
  value
else if type == "path" then
  sanitizePath { inherit at; } value
else if type == "set" && value ? outPath then
  "${value}"
else
  fail {
    code = "LAB_VALUE_NOT_SCALAR";
    inherit at;
    message = "a parameter cannot be a ${type}";
    hint = "use a string, number, boolean, null, path or derivation; pass structured data as builtins.toJSON text";
  }
