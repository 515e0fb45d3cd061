# checkAcyclic : { at } -> [ stage node ] -> the same list. Refuses stages that need each other.
# Nix cannot compare nodes of a cycle (`==` would not end), so it walks the wires level by level:
# in a cycle no level is ever the last. Nodes of one shape stand for each other to keep the levels small.
{ at }: nodes:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  deepestPipeline = 1000;
  shapeOf = node: builtins.toJSON ([ node.stage.pname ] ++ map (wire: wire.node.stage.pname) node.wires);
  byShape = level: builtins.attrValues (builtins.listToAttrs (map (node: { name = shapeOf node; value = node; }) level));
  walk =
    steps: level:
    if level == [ ] || steps == 0 then
      level
    else
      walk (steps - 1) (byShape (builtins.concatMap (node: map (wire: wire.node) node.wires) level));
  endless = walk deepestPipeline nodes;
  needs = node: map (wire: "${node.stage.pname} needs ${wire.node.stage.pname}") node.wires;
in
if endless == [ ] then
  nodes
else
  fail {
    code = "LAB_CYCLE";
    inherit at;
    message = "stages depend on each other in a cycle: ${
      listNames (uniqueStrings (builtins.concatMap needs (endless ++ walk 1 endless)))
    }";
    hint = "remove one of these dependencies; a pipeline begins with a stage called with [ ]";
  }
