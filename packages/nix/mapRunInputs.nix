# mapRunInputs : { runDependencies } -> [ { mapping, wire = null, jobs } ], what a first stage receives from other runs:
# the metadata of each, and the folder on the target that holds all outputs. jobs: ids of the run's jobs.
{ runDependencies }:
let
  mkMapping = import ./mkMapping.nix;
  sorted = builtins.sort (a: b: a.run.name < b.run.name) runDependencies;
  supply = jobs: mapping: {
    wire = null;
    inherit jobs;
    mapping = mkMapping mapping;
  };
  supplyRun =
    { run, type }:
    supply (map (job: job.id) run.jobs) {
      type = "inter-run";
      source_run = run.name;
      dependency_type = type;
      target_input = "metadata__${run.name}";
    };
in
if runDependencies == [ ] then
  [ ]
else
  map supplyRun sorted
  ++ [
    (supply [ ] {
      type = "global";
      source_value = "store_base";
      target_input = "store__base";
    })
  ]
