# mapInputs : { at, stage, wires, runDependencies } -> [ { mapping, producer } ] in the order of the dependencies.
# Every declared input is met exactly once: by a producer's output, or in a first stage by the runs depended on.
{ at, stage, wires, runDependencies }:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  mapWire = import ./mapWire.nix;
  mapRunInputs = import ./mapRunInputs.nix;
  declared = builtins.attrNames stage.inputs;
  mapped =
    if wires == [ ] then mapRunInputs { inherit runDependencies; } else builtins.concatMap (mapWire { inherit at stage; }) wires;
  targets = map (input: input.mapping.target_input) mapped;
  unmatched = builtins.filter (name: !builtins.elem name targets) declared;
  undeclared = builtins.filter (name: !builtins.elem name declared) targets;
  ambiguous = builtins.filter (name: builtins.length (builtins.filter (other: other == name) targets) > 1) declared;
  outputsOnOffer = builtins.concatMap (
    wire: map (output: "${wire.node.stage.pname}.${output}") (builtins.attrNames wire.node.stage.outputs)
  ) wires;
in
if undeclared != [ ] then
  fail {
    code = "LAB_INPUT_UNDECLARED";
    inherit at;
    message = "it is a first stage of a run with dependencies and must declare ${listNames undeclared}";
    hint = "add inputs = { ${builtins.concatStringsSep " " (map (name: "${name} = \"\";") targets)} }";
  }
else if unmatched != [ ] then
  fail {
    code = "LAB_INPUT_UNMATCHED";
    inherit at;
    message = "nothing supplies the input ${listNames unmatched}";
    hint =
      if wires == [ ] then
        "a first stage receives: ${listNames targets}; other inputs need a dependency in callStage"
      else
        "its dependencies offer: ${listNames outputsOnOffer}; connect one with [ producer \"output\" \"input\" ]";
  }
else if ambiguous != [ ] then
  fail {
    code = "LAB_INPUT_AMBIGUOUS";
    inherit at;
    message = "more than one dependency supplies the input ${listNames ambiguous}";
    hint = "name the outputs: [ producer \"output\" \"input\" ]; on offer: ${listNames outputsOnOffer}";
  }
else
  mapped
