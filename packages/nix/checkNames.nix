# checkNames : { at } -> attrs -> attrs. Checks that every key is a plain name; returns its argument.
{ at }: attrs:
let
  checkKeys = import ./checkKeys.nix;
  checkName = import ./checkName.nix;
  names = if builtins.isAttrs attrs then builtins.attrNames attrs else [ ];
  checked = checkKeys {
    inherit at;
    required = [ ];
    optional = names;
  } attrs;
in
builtins.deepSeq (map (checkName { inherit at; }) names) checked
