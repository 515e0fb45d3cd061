# checkJobs : { at } -> [ job ] -> [ job ], each id once, sorted by it. Refuses an id that stands for two scripts:
# it can only be that of stages told apart by name alone (hashMode = "params-only").
{ at }: jobs:
let
  fail = import ./fail.nix;
  byId = builtins.listToAttrs (map (job: { name = job.id; value = job; }) jobs);
  scripts = job: map (executable: executable.script.outPath) job.executables;
  mixed = builtins.filter (job: job.hashMode != "pure" && scripts job != scripts byId.${job.id}) jobs;
  job = builtins.head mixed;
in
if mixed == [ ] then
  builtins.attrValues byId
else
  fail {
    code = "LAB_JOB_DUPLICATE";
    inherit at;
    message = "two stages named ${job.pname}-${job.version} have different scripts and one job id";
    hint = "give one of them another pname or version, or leave hashMode at \"pure\"";
  }
