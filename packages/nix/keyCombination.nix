# keyCombination : { name = { text, ... }; } -> string that tells it from every other combination of these names.
combination:
builtins.unsafeDiscardStringContext (
  builtins.concatStringsSep "," (builtins.catAttrs "text" (builtins.attrValues combination))
)
