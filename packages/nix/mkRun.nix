# mkRun : { pkgs, name, pipelines, parameters ? { }, dependencies ? [ ], include ? null, exclude ? null, rev ? null,
#   loops ? null, hashMode ? "pure", parametersDependencies ? [ ], allowUndeclared ? false } -> run.
# pipelines: paths or functions { repx, pkgs, ... }; parameters: axes, { name = [ value ]; };
# dependencies: runs, or [ run "soft" ]. Jobs of the run are evaluated when the Lab asks for them.
definition:
let
  checkDeclared = import ./checkDeclared.nix;
  checkRunName = import ./checkRunName.nix;
  expandRun = import ./expandRun.nix;
  mkSpace = import ./mkSpace.nix;
  readAxes = import ./readAxes.nix;
  readPipelines = import ./readPipelines.nix;
  readRunArguments = import ./readRunArguments.nix;
  readRunDependencies = import ./readRunDependencies.nix;
  readSettings = import ./readSettings.nix;
  repeatSpace = import ./repeatSpace.nix;
  given = readRunArguments definition;
  name = checkRunName { at = "mkRun.name"; } given.name;
  at = "run ${name}";
  dependencies = readRunDependencies { inherit at; } given.dependencies;
  settings = readSettings { inherit at; } given;
  axes = readAxes { at = "${at}.parameters"; } given.parameters;
  space = repeatSpace { inherit at axes; inherit (settings) loops; } (mkSpace {
    inherit at axes;
    inherit (given) include exclude;
  });
  nodes = readPipelines {
    inherit at space;
    inherit (given) pkgs;
    runDependencies = dependencies;
  } given.pipelines;
  checkedAxes = if given.allowUndeclared then axes else checkDeclared { inherit at nodes; } axes;
  expanded = expandRun {
    inherit at space nodes settings;
    axes = checkedAxes;
  };
in
{
  _repxType = "run";
  inherit name dependencies;
  inherit (given) pkgs;
  inherit (expanded) scripts;
  jobs = builtins.seq checkedAxes expanded.jobs;
  storeValues = expanded.storeValues ++ map (dependency: "${dependency}") given.parametersDependencies;
}
