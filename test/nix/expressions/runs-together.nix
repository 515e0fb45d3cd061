# Several runs in one Lab: what only their being together makes wrong, and what passes from one to the other.
{ repx, run, stage, pipe, runOf, ids, ... }:
let
  lab = runs: (repx.runs2Lab runs).drvPath;
  sweep = values: run "sweep" {
    pipelines = [ (pipe (call: { s = call (stage "s" { parameters.x = 0; }) [ ]; })) ];
    parameters.x = values;
  };
  reading = extra: runOf (call: { a = call (stage "a" { inputs = { metadata__sweep = ""; store__base = ""; }; }) [ ]; }) extra;
  echo = name: text: run name {
    hashMode = "params-only";
    pipelines = [ (pipe (call: { s = call (stage "s" { run = { ... }: "echo ${text}"; }) [ ]; })) ];
  };
  refuses = expr: error: { inherit expr error; };
in
{
  "a dependency on another run than that of its name in the Lab is refused" =
    refuses (lab [ (sweep [ 1 2 ]) (reading { dependencies = [ (sweep [ 3 ]) ]; }) ])
      [
        "error[LAB_RUN_MISSING]: at runs2Lab.runs: a run depends on another run than the one of that name in the Lab: sweep (needed by r)"
        "hint: let both be one value, or give them different names"
      ];
  "a dependency on an equal run of its name is that run" = {
    expr = builtins.isString (lab [ (sweep [ 1 ]) (reading { dependencies = [ (sweep [ 1 ]) ]; }) ]);
    expected = true;
  };
  "two runs that give one id to two scripts are refused" = refuses (lab [ (echo "one" "1") (echo "other" "2") ]) [
    "error[LAB_JOB_DUPLICATE]: at runs2Lab.runs: two stages named s-1.1 have different scripts and one job id"
    "hint: give one of them another pname or version, or leave hashMode at \"pure\""
  ];
  "two runs may share jobs by name when their scripts are one" = {
    expr = builtins.isString (lab [ (echo "one" "1") (echo "other" "1") ]);
    expected = true;
  };
  "two runs that share a stage and differ in rev have jobs of their own" = {
    expr = builtins.any (id: builtins.elem id (ids (run "a" { }))) (ids (run "b" { rev = 1; }));
    expected = false;
  };
  "a run that is named twice is refused" = refuses (ids (reading { dependencies = [ (sweep [ 1 ]) [ (sweep [ 1 ]) "soft" ] ]; })) [
    "error[LAB_DEPENDENCY_INVALID]: at run r.dependencies: sweep is named more than once"
    "hint: name each run once: sweep"
  ];
  "a run that needs itself is refused" =
    refuses (lab (let a = run "a" { dependencies = [ a ]; }; in [ a ]))
      [ "error[LAB_CYCLE]: at runs2Lab.runs: runs depend on each other in a cycle: a needs a" ];
  "a run whose metadata would be the Lab's own is refused" = refuses (run "top" { }).name [
    "error[LAB_NAME_INVALID]: at mkRun.name: a run cannot be named top: revision/metadata-top.json is the Lab's own file"
    "hint: choose another name"
  ];
  "a later run has every repetition of an earlier one upstream, and repeats alone" = {
    expr =
      let
        before = run "sweep" { loops = 2; };
        after = reading { dependencies = [ before ]; loops = 3; };
      in
      map (job: job.upstream == ids before) after.jobs;
    expected = [ true true true ];
  };
  "a group with what only has the name of a run is refused" =
    refuses (lab { runs = [ (run "a" { }) ]; groups.all = [ { name = "a"; } ]; })
      [ "error[LAB_GROUP_INVALID]: at runs2Lab.groups.all: a group is a list of runs of this Lab" ];
}
