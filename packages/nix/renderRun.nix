# renderRun : { gitHash } -> run -> JSON of revision/metadata-<run>.json, keys sorted.
{ gitHash }: run:
let
  renderJob = import ./renderJob.nix;
  sorted = builtins.sort (a: b: a.id < b.id) run.jobs;
  dependencies = builtins.listToAttrs (
    map (dependency: {
      name = "revision/metadata-${dependency.run.name}.json";
      value = dependency.type;
    }) run.dependencies
  );
  jobs = builtins.concatStringsSep "," (map (job: "\"${job.id}\":${renderJob job}") sorted);
in
"{\"dependencies\":${builtins.toJSON dependencies},\"gitHash\":${builtins.toJSON gitHash},"
+ "\"jobs\":{${jobs}},\"name\":\"${run.name}\",\"type\":\"run\"}"
