# unique : (item -> string) -> [ item ] -> [ item ]. Keeps the first of those with equal keys, in order.
keyOf: items:
let
  numbered = builtins.genList (index: {
    name = builtins.unsafeDiscardStringContext (keyOf (builtins.elemAt items index));
    value = index;
  }) (builtins.length items);
  # listToAttrs keeps the first of equal names.
  kept = builtins.sort builtins.lessThan (builtins.attrValues (builtins.listToAttrs numbered));
in
map (builtins.elemAt items) kept
