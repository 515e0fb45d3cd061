# checkText : { at, name, example } -> string -> string. Refuses what is no text.
{ at, name, example }: value:
let
  fail = import ./fail.nix;
in
if builtins.isString value then
  value
else
  fail {
    code = "LAB_TYPE_WRONG";
    at = "${at}.${name}";
    message = "expected a string, found ${builtins.typeOf value}";
    hint = "for instance ${name} = ${example};";
  }
