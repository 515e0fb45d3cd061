# renderRun : { gitHash, image ? null } -> run -> JSON of revision/metadata-<run>.json, keys sorted.
# image: path in the Lab of the image that the run's jobs need; null for none.
{ gitHash, image ? null }: run:
let
  renderJob = import ./renderJob.nix;
  dependencies = builtins.listToAttrs (
    map (dependency: {
      name = "revision/metadata-${dependency.run.name}.json";
      value = dependency.type;
    }) run.dependencies
  );
  imageText = if image == null then "" else "\"image\":${builtins.toJSON image},";
  jobs = builtins.concatStringsSep "," (map (job: "\"${job.id}\":${renderJob job}") run.jobs);
in
"{\"dependencies\":${builtins.toJSON dependencies},\"gitHash\":${builtins.toJSON gitHash},${imageText}"
+ "\"jobs\":{${jobs}},\"name\":\"${run.name}\",\"type\":\"run\"}"
