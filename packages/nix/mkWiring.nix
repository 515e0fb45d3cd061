# mkWiring : { node, combinations, hashMode } -> combination -> { variant, inputs, identities, mappingsJson }.
# How the inputs of a stage are met depends on names alone, so it is worked out once for those that occur.
{ node, combinations, hashMode }:
let
  mapInputs = import ./mapInputs.nix;
  renderMappings = import ./renderMappings.nix;
  indexes = builtins.genList (index: index) (builtins.length node.wires);
  readWires =
    combination:
    map (
      index:
      let
        wire = builtins.elemAt node.wires index;
      in
      wire
      // {
        inherit index;
        producer = wire.node.variantOf combination;
      }
    ) indexes;
  wire =
    combination:
    let
      consumer = node.variantOf combination;
      inputs = mapInputs {
        inherit consumer;
        inherit (node) runDependencies;
        wires = readWires combination;
      };
      identify =
        executable: if hashMode == "pure" then executable.identity else "${executable.program}-${node.stage.version}";
    in
    {
      inherit inputs;
      identities = map identify consumer.executables;
      mappingsJson = renderMappings (map (input: input.mapping) inputs);
    };
  isDynamic = node.stage.isDynamic || builtins.any (wire: wire.node.stage.isDynamic) node.wires;
  keyOf =
    combination:
    builtins.concatStringsSep ":" (
      [ (node.variantOf combination).key ] ++ map (wire: (wire.node.variantOf combination).key) node.wires
    );
  wirings = builtins.listToAttrs (
    map (combination: {
      name = keyOf combination;
      value = wire combination;
    }) combinations
  );
  only = wire { };
in
if isDynamic then combination: wirings.${keyOf combination} else _: only
