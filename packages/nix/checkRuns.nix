# checkRuns : { at } -> [ run ] -> the same. What is wrong with runs only together: a dependency on jobs that are not in the
# Lab, though a run of it has the name, and one job id for two scripts.
{ at }: runs:
let
  fail = import ./fail.nix;
  checkJobs = import ./checkJobs.nix;
  listNames = import ./listNames.nix;
  listIds = run: map (job: job.id) run.jobs;
  isOther = wanted: builtins.all (run: run.name != wanted.name || listIds run != listIds wanted) runs;
  others = builtins.concatMap (
    run:
    map (dependency: "${dependency.run.name} (needed by ${run.name})") (
      builtins.filter (dependency: isOther dependency.run) run.dependencies
    )
  ) runs;
  # The id of every other job holds what its scripts say.
  namedJobs = builtins.filter (job: job.hashMode != "pure") (builtins.concatMap (run: run.jobs) runs);
in
if others == [ ] then
  builtins.seq (checkJobs { at = "${at}.runs"; } namedJobs) runs
else
  fail {
    code = "LAB_RUN_MISSING";
    at = "${at}.runs";
    message = "a run depends on another run than the one of that name in the Lab: ${listNames others}";
    hint = "let both be one value, or give them different names and add both to the list";
  }
