# checkNames : { at } -> attrs -> attrs. Checks that every key is a plain name; returns its argument.
{ at }: attrs:
let
  fail = import ./fail.nix;
  checkName = import ./checkName.nix;
in
if builtins.isAttrs attrs then
  builtins.deepSeq (map (checkName { inherit at; }) (builtins.attrNames attrs)) attrs
else
  fail {
    code = "LAB_TYPE_WRONG";
    inherit at;
    message = "expected an attribute set, found ${builtins.typeOf attrs}";
    hint = "write { name = ...; }, with a name for each of them";
  }
