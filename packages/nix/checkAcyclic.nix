# checkAcyclic : { at } -> [ stage node ] -> the same list. Refuses stages that need each other.
# Nix cannot compare nodes of a cycle (`==` would not end), so it asks how far their wires can be followed.
{ at }: nodes:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  # As many stages in line as a pipeline may have.
  deepest = 2000;
  start = node: {
    inherit node;
    walk = node.walks;
  };
  # All that can go one wire further; what ends leaves the search, so that only a cycle makes it long.
  goOn =
    left: _:
    map (found: found // { walk = found.walk.longer; }) (builtins.filter (found: found.walk.isPossible) left);
  search = nodes: map (found: found.node) (builtins.foldl' goOn (map start nodes) (builtins.genList (n: n) deepest));
  endless = search nodes;
  isEndless = node: search [ node ] != [ ];
  needs =
    node:
    map (wire: "${node.stage.label} needs ${wire.node.stage.label}") (
      builtins.filter (wire: isEndless wire.node) node.wires
    );
  next = builtins.concatMap (node: map (wire: wire.node) node.wires) endless;
in
if endless == [ ] then
  nodes
else
  fail {
    code = "LAB_CYCLE";
    inherit at;
    message = "stages depend on each other in a cycle: ${
      listNames (uniqueStrings (builtins.concatMap needs (endless ++ builtins.filter isEndless next)))
    }";
    hint = "remove one of these dependencies; a pipeline begins with a stage called with [ ], and has at most ${toString deepest} in line";
  }
