# checkAcyclic : { at } -> [ stage node ] -> the same list. Refuses stages that need each other.
# Nix cannot compare nodes of a cycle (`==` would not end), so it asks how far their wires can be followed.
{ at }: nodes:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  deepest = builtins.length (builtins.head nodes).walks - 1;
  isEndless = node: builtins.elemAt node.walks deepest;
  # Shorter walks first: they end the search early, and keep each answer close to the one that it rests on.
  endless = builtins.foldl' (
    left: length: builtins.filter (node: builtins.elemAt node.walks length) left
  ) nodes (builtins.genList (length: length) (deepest + 1));
  needs =
    node:
    map (wire: "${node.stage.label} needs ${wire.node.stage.label}") (
      builtins.filter (wire: isEndless wire.node) node.wires
    );
  next = builtins.concatMap (node: map (wire: wire.node) node.wires) endless;
in
if nodes == [ ] || endless == [ ] then
  nodes
else
  fail {
    code = "LAB_CYCLE";
    inherit at;
    message = "stages depend on each other in a cycle: ${
      listNames (uniqueStrings (builtins.concatMap needs (endless ++ builtins.filter isEndless next)))
    }";
    hint = "remove one of these dependencies; a pipeline begins with a stage called with [ ]";
  }
