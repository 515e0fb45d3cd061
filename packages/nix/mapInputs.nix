# mapInputs : { consumer, wires, runDependencies } -> [ { mapping, wire, jobs } ] in the order of the dependencies.
# Every declared input is met exactly once: by a producer's output, or in a first stage by the runs depended on.
{ consumer, wires, runDependencies }:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  checkSupplied = import ./checkSupplied.nix;
  mapWire = import ./mapWire.nix;
  mapRunInputs = import ./mapRunInputs.nix;
  at = "stage ${consumer.pname}";
  mapped =
    if wires == [ ] then
      mapRunInputs { inherit runDependencies; }
    else
      builtins.concatMap (mapWire { inherit at consumer; }) wires;
  targets = map (input: input.mapping.target_input) mapped;
  undeclared = builtins.filter (name: !consumer.inputs ? ${name}) targets;
  suppliers = builtins.concatMap (
    wire: map (output: "${wire.producer.pname}.${output}") (builtins.attrNames wire.producer.outputs)
  ) wires;
in
if undeclared != [ ] then
  fail {
    code = "LAB_INPUT_UNDECLARED";
    inherit at;
    message = "it is a first stage of a run with dependencies and must declare ${listNames undeclared}";
    hint = "add inputs = { ${builtins.concatStringsSep " " (map (name: "${name} = \"\";") targets)} }";
  }
else
  checkSupplied {
    inherit at targets suppliers;
    inherit (consumer) inputs;
    offer =
      if wires == [ ] then
        "a first stage receives: ${listNames targets}; other inputs need a dependency in callStage"
      else
        "its dependencies offer: ${listNames suppliers}; connect one with [ producer \"output\" \"input\" ]";
  } mapped
