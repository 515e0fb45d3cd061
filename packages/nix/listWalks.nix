# listWalks : [ wire ] -> [ bool ]. Number n: whether n wires can be followed one after another.
# In a cycle that is so for every n, and each answer rests on the one before of the next stage: asking always ends.
wires:
let
  deepestPipeline = 500;
in
builtins.genList (
  length: length == 0 || builtins.any (wire: builtins.elemAt wire.node.walks (length - 1)) wires
) deepestPipeline
