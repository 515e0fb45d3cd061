# mkJob : { node, combination, wiring, producers, settings } -> job. producers: the jobs behind the node's wires, in order.
# Only parameters that the stage declares enter the job; null in the run means the stage's default.
# What forces other ids (`rev`, a repetition) enters those of first stages; all later ones follow their inputs.
let
  mkJobId = import ./mkJobId.nix;
in
{ node, combination, wiring, producers, settings }:
let
  inherit (node) stage;
  variant = node.variantOf combination;
  choose =
    name: default:
    if (combination.${name} or { value = null; }).value == null then default else combination.${name};
  texts = builtins.catAttrs "text" (builtins.attrValues (builtins.mapAttrs choose stage.entries));
  parametersJson = "{${builtins.concatStringsSep "," texts}}";
  repetition = if settings.loops == null then 1 else combination.loop.value;
  upstream = builtins.concatMap (
    input: if input.wire == null then input.jobs else [ (builtins.elemAt producers input.wire).id ]
  ) wiring.inputs;
  mappings = map (
    { mapping, wire, ... }:
    if wire == null then mapping else mapping // { job_id = (builtins.elemAt producers wire).id; }
  ) wiring.inputs;
  readSource =
    source:
    if source ? mapping then
      [ source.mapping ]
    else
      builtins.filter (mapping: mapping.target_input == source.external) mappings;
  mkExecutable =
    executable:
    removeAttrs executable [ "sources" "identity" ]
    // {
      inputs = if executable ? sources then builtins.concatMap readSource executable.sources else mappings;
    };
in
{
  id = mkJobId {
    inherit (wiring) identities mappingsJson;
    inherit (stage) version;
    inherit (variant) pname;
    inherit upstream;
    paramsJson = builtins.unsafeDiscardStringContext parametersJson;
    forced =
      if node.wires != [ ] then
        [ ]
      else
        (if settings.rev == null then [ ] else [ "rev=${toString settings.rev}" ])
        ++ (if repetition == 1 then [ ] else [ "loop=${toString repetition}" ]);
  };
  inherit (variant) pname resources;
  inherit (stage) version stageType;
  inherit (settings) hashMode;
  inherit parametersJson upstream repetition;
  executables = map mkExecutable variant.executables;
}
