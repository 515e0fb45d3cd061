# matchOutputs : { at, consumer, producer } -> { output, input } -> [ { source, target } ].
# consumer: { name, inputs }; producer: { name, outputs }.
# A wire without names connects every output of the producer that has the name of an input.
{ at, consumer, producer }: { output, input }:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  outputs = builtins.attrNames producer.outputs;
  inputs = builtins.attrNames consumer.inputs;
  sameNames = builtins.filter (name: builtins.elem name inputs) outputs;
  connect = source: target: { inherit source target; };
in
if output == null && sameNames == [ ] then
  fail {
    code = "LAB_INPUT_UNMATCHED";
    inherit at;
    message = "no output of ${producer.name} has the name of an input";
    hint =
      "outputs of ${producer.name}: ${listNames outputs}; inputs of ${consumer.name}: ${listNames inputs}; "
      + "connect them with [ producer \"output\" \"input\" ]";
  }
else if output == null then
  map (name: connect name name) sameNames
else if !builtins.elem output outputs then
  fail {
    code = "LAB_OUTPUT_UNKNOWN";
    inherit at;
    message = "${producer.name} has no output ${output}";
    hint = "outputs of ${producer.name}: ${listNames outputs}";
  }
else if !builtins.elem input inputs then
  fail {
    code = "LAB_INPUT_UNKNOWN";
    inherit at;
    message = "${consumer.name} has no input ${input}";
    hint = "inputs of ${consumer.name}: ${listNames inputs}";
  }
else
  [ (connect output input) ]
