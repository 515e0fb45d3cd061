# readDependency : { at } -> (node | [ node "out" ] | [ node "out" "in" ]) -> { node, output, input }; null = by name.
{ at }: dependency:
let
  readReference = import ./readReference.nix;
  reference = readReference {
    inherit at;
    isProducer = value: builtins.isAttrs value && value._repxType or null == "stage";
    hint = "write producer, [ producer \"output\" ] or [ producer \"output\" \"input\" ], where producer comes from callStage";
  } dependency;
in
{
  node = reference.producer;
  inherit (reference) output input;
}
