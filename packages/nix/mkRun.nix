# mkRun : { pkgs, name, pipelines, parameters ? { }, dependencies ? [ ] } -> run.
# pipelines: paths or functions { repx, pkgs, ... }; parameters: axes, { name = [ value ]; };
# dependencies: runs, or [ run "soft" ]. Jobs of the run are evaluated when the Lab asks for them.
definition:
let
  checkKeys = import ./checkKeys.nix;
  checkName = import ./checkName.nix;
  readAxes = import ./readAxes.nix;
  readPipeline = import ./readPipeline.nix;
  readRunDependency = import ./readRunDependency.nix;
  expandRun = import ./expandRun.nix;
  given = checkKeys {
    at = "run ${if builtins.isString (definition.name or null) then definition.name else "?"}";
    required = [ "pkgs" "name" "pipelines" ];
    optional = [ "parameters" "dependencies" ];
  } definition;
  name = checkName { at = "mkRun.name"; } given.name;
  at = "run ${name}";
  dependencies = map (readRunDependency { inherit at; }) (given.dependencies or [ ]);
  axes = readAxes { at = "${at}.parameters"; } (given.parameters or { });
  pipelines = map (readPipeline {
    inherit at;
    inherit (given) pkgs;
    runDependencies = dependencies;
  }) given.pipelines;
in
{
  _repxType = "run";
  inherit name dependencies;
  inherit (given) pkgs;
}
// expandRun { inherit at axes pipelines; }
