# listWalks : [ wire ] -> walk, { isPossible, longer }: whether n wires can be followed one after another, from n = 0 on.
# In a cycle that is so for every n, and each answer rests on the one before of the next stage: asking always ends.
let
  follow = walks: {
    isPossible = builtins.any (walk: walk.isPossible) walks;
    longer = follow (map (walk: walk.longer) walks);
  };
in
wires: {
  isPossible = true;
  longer = follow (map (wire: wire.node.walks) wires);
}
