# renderJob : job -> JSON of one job in a run's metadata (RepX 0.5), keys sorted.
# The parameters are pasted as text: what entered the job id is what the job receives.
job:
let
  renderExecutable = executable: {
    inherit (executable) name;
    value = {
      inherit (executable) inputs outputs;
      path = "jobs/${job.id}/bin/${executable.program}";
    }
    // (if executable ? deps then { inherit (executable) deps; } else { })
    // (if executable.resources or null == null then { } else { resource_hints = executable.resources; });
  };
  executables = builtins.listToAttrs (map renderExecutable job.executables);
  hints = if job.resources == null then "" else "\"resource_hints\":${builtins.toJSON job.resources},";
in
"{\"executables\":${builtins.toJSON executables},\"name\":\"${job.pname}-${job.version}\","
+ "\"params\":${job.parametersJson},${hints}\"stage_type\":\"${job.stageType}\"}"
