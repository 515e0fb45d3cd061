# renderJob : job -> JSON of one job in a run's metadata (RepX 0.5), keys sorted.
# The parameters are pasted as text: what entered the job id is what the job receives.
job:
let
  inherit (job) stage;
  executables = {
    main = {
      inputs = job.mappings;
      inherit (stage) outputs;
      path = "jobs/${job.id}/bin/${stage.pname}";
    };
  };
  hints = if stage.resources == null then "" else "\"resource_hints\":${builtins.toJSON stage.resources},";
in
"{\"executables\":${builtins.toJSON executables},\"name\":\"${stage.pname}-${stage.version}\","
+ "\"params\":${job.parametersJson},${hints}\"stage_type\":\"simple\"}"
