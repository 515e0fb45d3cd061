# mapGather : { at, inputs, scatter, steps, wires } -> gather part -> the same with the source of each of its inputs.
# A gather reads what the branches made, outputs of the scatter and inputs of the stage.
# RepX 0.5 never hands over the scatter's outputs, so the script itself knows where they lie: beside the job's own.
{ at, inputs, scatter, steps, wires }: gather:
let
  checkSupplied = import ./checkSupplied.nix;
  listNames = import ./listNames.nix;
  mkMapping = import ./mkMapping.nix;
  needed = map (wire: wire.step) (builtins.concatLists (builtins.attrValues wires));
  sink = builtins.head (builtins.filter (name: !builtins.elem name needed) (builtins.attrNames steps));
  branches = {
    target = "worker__outs";
    mapping = mkMapping {
      source = "runner:worker_outputs";
      source_key = builtins.head (builtins.attrNames steps.${sink}.outputs);
      target_input = "worker__outs";
    };
  };
  outputs = removeAttrs scatter.outputs [ "work__items" "worker__arg" ];
  shared = builtins.intersectAttrs gather.inputs outputs;
  fromScatter = map (target: {
    inherit target;
    mapping = mkMapping {
      source = "scatter:output";
      source_output = target;
      target_input = target;
    };
  }) (builtins.attrNames shared);
  external = map (target: {
    inherit target;
    external = target;
  }) (builtins.attrNames (builtins.intersectAttrs gather.inputs inputs));
  sources = [ branches ] ++ fromScatter ++ external;
  readOutput =
    name: template:
    let
      path = builtins.replaceStrings [ "$out" ] [ "\${out%/out}/scatter/out" ] template;
    in
    "\${inputs[\"${name}\"]:-${path}}";
in
checkSupplied {
  at = "${at}.gather";
  inherit (gather) inputs;
  targets = map (source: source.target) sources;
  offer =
    "a gather receives worker__outs, outputs of the scatter: ${listNames (builtins.attrNames outputs)}, "
    + "and inputs of the stage: ${listNames (builtins.attrNames inputs)}";
  suppliers = [ "scatter" "stage" ];
} (
  gather
  // {
    inherit sources;
    readsFrom = builtins.mapAttrs readOutput shared;
  }
)
