# mapWire : { at, consumer } -> { index, node, producer, output, input } -> [ { mapping, wire } ].
# consumer, producer: descriptions of the stages for one combination; wire: the index of the dependency.
{ at, consumer }: { index, producer, output, input, ... }:
let
  matchOutputs = import ./matchOutputs.nix;
  mkMapping = import ./mkMapping.nix;
  connect =
    { source, target }:
    {
      wire = index;
      mapping = mkMapping {
        type = "intra-pipeline";
        job_id_template = producer.pname;
        source_output = source;
        target_input = target;
      };
    };
in
map connect (
  matchOutputs {
    inherit at;
    consumer = consumer // { name = consumer.pname; };
    producer = producer // { name = producer.pname; };
  } { inherit output input; }
)
