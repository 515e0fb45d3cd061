# mapWire : { at, stage } -> { node, output, input } -> [ { mapping, producer } ].
# A wire without names connects every output of the producer that has the name of an input.
{ at, stage }: { node, output, input }:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  mkMapping = import ./mkMapping.nix;
  producer = node.stage;
  outputs = builtins.attrNames producer.outputs;
  inputs = builtins.attrNames stage.inputs;
  sameNames = builtins.filter (name: builtins.elem name inputs) outputs;
  connect = source: target: {
    producer = node;
    mapping = mkMapping {
      type = "intra-pipeline";
      job_id_template = producer.pname;
      source_output = source;
      target_input = target;
    };
  };
in
if output == null && sameNames == [ ] then
  fail {
    code = "LAB_INPUT_UNMATCHED";
    inherit at;
    message = "no output of ${producer.pname} has the name of an input";
    hint =
      "outputs of ${producer.pname}: ${listNames outputs}; inputs of ${stage.pname}: ${listNames inputs}; "
      + "connect them with [ producer \"output\" \"input\" ]";
  }
else if output == null then
  map (name: connect name name) sameNames
else if !builtins.elem output outputs then
  fail {
    code = "LAB_OUTPUT_UNKNOWN";
    inherit at;
    message = "${producer.pname} has no output ${output}";
    hint = "outputs of ${producer.pname}: ${listNames outputs}";
  }
else if !builtins.elem input inputs then
  fail {
    code = "LAB_INPUT_UNKNOWN";
    inherit at;
    message = "${stage.pname} has no input ${input}";
    hint = "inputs of ${stage.pname}: ${listNames inputs}";
  }
else
  [ (connect output input) ]
