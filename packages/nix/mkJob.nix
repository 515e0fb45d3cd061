# mkJob : { node, combination, done } -> job. `done` holds the jobs of the stages before it, by node key.
# Only parameters that the stage declares enter the job; null in the run means the stage's default.
let
  mkJobId = import ./mkJobId.nix;
  renderParameters = import ./renderParameters.nix;
in
{ node, combination, done }:
let
  inherit (node) stage inputs;
  choose = name: default: if combination.${name} or null == null then default else combination.${name};
  parametersJson = renderParameters (builtins.mapAttrs choose stage.parameters);
  upstreamOf =
    input:
    if input.producer != null then
      [ done.${input.producer.key}.id ]
    else if input.mapping.type == "inter-run" then
      map (job: job.id) input.jobs
    else
      [ ];
  upstream = builtins.concatMap upstreamOf inputs;
  fillJob =
    input: input.mapping // (if input.producer == null then { } else { job_id = done.${input.producer.key}.id; });
in
{
  id = mkJobId {
    identities = [ (builtins.unsafeDiscardStringContext stage.script.outPath) ];
    paramsJson = builtins.unsafeDiscardStringContext parametersJson;
    mappings = map (input: input.mapping) inputs;
    inherit upstream;
    inherit (stage) pname version;
  };
  inherit stage upstream parametersJson;
  mappings = map fillJob inputs;
}
