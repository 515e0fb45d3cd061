# Job ids: what changes them and what does not, by comparing the ids of two definitions.
{ pkgs, stage, run, chain, pipe, runOf, runStage, ids, keptStages, parametersOf, sort, ... }:
let
  # prepare -> train -> report, and beside them one that nothing touches.
  study =
    { prepare ? { }, train ? { }, report ? { }, settings ? { } }:
    runOf (call: rec {
      d = call (stage "prepare" ({ outputs.data = "$out/data"; parameters.size = 1; } // prepare)) [ ];
      c = call (stage "train" ({ inputs.data = ""; outputs.model = "$out/model"; parameters.rate = 1; } // train)) [ d ];
      b = call (stage "report" ({ inputs.model = ""; } // report)) [ c ];
      a = call (stage "beside" { }) [ ];
    }) settings;
  kept = change: sort (keptStages (study { }) (study change));
  echo = text: { ... }: "echo ${text}";
  tool = name: { outPath = "/software/${name}"; type = "derivation"; };
  all = [ "beside" "prepare" "report" "train" ];
  after = before: extra: run "after" ({
    pipelines = [ (pipe (call: { a = call (stage "last" { inputs = { metadata__before = ""; store__base = ""; }; }) [ ]; })) ];
    dependencies = [ before ];
  } // extra);
  before = extra: run "before" ({ pipelines = [ (chain { }) ]; } // extra);
  byNames = given: extra: ids (runStage given ({ hashMode = "params-only"; } // extra));
  scriptsOf = made: sort (map (script: script.outPath) made.scripts);
in
{
  "nothing that changes leaves every id" = { expr = kept { }; expected = all; };
  "another script of the first stage changes it and all that follow" = {
    expr = kept { prepare.run = echo "2"; };
    expected = [ "beside" ];
  };
  "another script of the middle stage leaves the first one" = {
    expr = kept { train.run = echo "2"; };
    expected = [ "beside" "prepare" ];
  };
  "another script of the last stage leaves those before it" = {
    expr = kept { report.run = echo "2"; };
    expected = [ "beside" "prepare" "train" ];
  };
  "another version changes a stage and all that follow" = {
    expr = kept { train.version = "2.0"; };
    expected = [ "beside" "prepare" ];
  };
  "another default of a parameter changes a stage and all that follow" = {
    expr = kept { train.parameters.rate = 2; };
    expected = [ "beside" "prepare" ];
  };
  "other software changes a stage and all that follow" = {
    expr = kept { train.runDependencies = [ (tool "solver") ]; };
    expected = [ "beside" "prepare" ];
  };
  "another file behind an output changes a stage and those that read it" = {
    expr = kept { prepare.outputs.data = "$out/other"; };
    expected = [ "beside" ];
  };
  "another value of an axis changes only the stages that vary over it and those after them" = {
    expr = kept { settings.parameters.rate = [ 2 ]; };
    expected = [ "beside" "prepare" ];
  };
  "the default given as a value changes nothing" = {
    expr = kept { settings.parameters.rate = [ 1 ]; };
    expected = all;
  };
  "a further value of an axis only adds jobs" = {
    expr = kept { settings.parameters.size = [ 1 2 3 ]; };
    expected = all;
  };
  "resources change nothing" = { expr = kept { train.resources = { mem = "9G"; gpus = 1; }; }; expected = all; };
  "what RepX passes and means nothing changes nothing" = {
    expr = kept { settings = { repx-lib = { }; override = { }; overrideDerivation = { }; interRunDepTypes = { }; dependencyJobs = { }; }; };
    expected = all;
  };
  "what is carried beside a stage changes nothing" = { expr = kept { train.passthru.note = "x"; }; expected = all; };
  "the name of the run changes nothing" = {
    expr = ids (run "one" { }) == ids (run "other" { });
    expected = true;
  };
  "a value of a parameter rebuilds no script" = {
    expr = scriptsOf (study { settings.parameters = { size = [ 1 2 ]; rate = [ 7 ]; }; }) == scriptsOf (study { });
    expected = true;
  };

  "rev changes every id and no script" = {
    expr = {
      kept = kept { settings.rev = 1; };
      scripts = scriptsOf (study { settings.rev = 1; }) == scriptsOf (study { });
      parameters = sort (parametersOf (study { })) == sort (parametersOf (study { settings.rev = 1; }));
    };
    expected = { kept = [ ]; scripts = true; parameters = true; };
  };
  "another rev is another set of ids, and the same rev the same" = {
    expr = map (rev: keptStages (study { settings.rev = 1; }) (study { settings = { inherit rev; }; }) != [ ]) [ 0 1 2 ];
    expected = [ false true false ];
  };
  "a rev that is no whole number is refused" = {
    expr = ids (study { settings.rev = "2"; });
    error = [ ''error[LAB_OPTION_INVALID]: at run r.rev: it cannot be "2"'' "hint: write a number, rev = 2" ];
  };

  "every job of a run enters the ids of a run after it" = {
    expr = ids (after (before { parameters.x = [ 1 ]; }) { }) == ids (after (before { parameters.x = [ 1 2 ]; }) { });
    expected = false;
  };
  "hard and soft are two ids" = {
    expr = ids (after (before { }) { }) == ids (after (before { }) { dependencies = [ [ (before { }) "soft" ] ]; });
    expected = false;
  };
  "the order of the values of an axis does not enter ids, here or in a run after it" = {
    expr =
      ids (after (before { parameters.x = [ 1 2 ]; }) { }) == ids (after (before { parameters.x = [ 2 1 ]; }) { })
      && ids (before { parameters.x = [ 1 2 ]; }) == ids (before { parameters.x = [ 2 1 ]; });
    expected = true;
  };

  "by names, another script is the same job" = {
    expr = byNames (stage "s" { }) { } == byNames (stage "s" { run = echo "2"; }) { };
    expected = true;
  };
  "by names, another version or parameter is another job" = {
    expr = map (given: byNames (stage "s" { parameters.n = 1; }) { } == byNames (stage "s" given) { }) [
      { parameters.n = 2; }
      { parameters.n = 1; version = "2.0"; }
    ];
    expected = [ false false ];
  };
  "by names, a job of a sweep has RepX 0.5's id" = {
    expr = byNames (stage "generator" { parameters.slope = 1; }) { parameters.slope = [ 2 ]; };
    expected = [ "0mkywqkm01ssrv6xsx62ckd6w5i62a9m-generator-1.1" ];
  };
  "by names, a run may depend on another and have parameters" = {
    expr = builtins.length (ids (after (before { hashMode = "params-only"; parameters.x = [ 1 2 ]; }) { hashMode = "params-only"; }));
    expected = 1;
  };
  "by names, two stages of one name and another script are refused" = {
    expr = ids (runOf (call: { a = call (stage "s" { }) [ ]; b = call (stage "s" { run = echo "2"; }) [ ]; }) { hashMode = "params-only"; });
    error = [
      "error[LAB_JOB_DUPLICATE]: at run r: two stages named s-1.1 have different scripts and one job id"
      "another pname or version"
    ];
  };
  "the same mode by name is the default" = {
    expr = ids (study { }) == ids (study { settings.hashMode = "pure"; });
    expected = true;
  };
  "an unknown mode is refused" = {
    expr = ids (study { settings.hashMode = "names"; });
    error = [ ''error[LAB_OPTION_INVALID]: at run r.hashMode: it cannot be "names"'' ''hint: hashMode is "pure" or "params-only"'' ];
  };

  "store paths that a run is given are in its closure and not in its ids" = {
    expr =
      let
        given = study { settings.parametersDependencies = [ pkgs.bash ]; };
      in
      {
        closure = given.storeValues == [ pkgs.bash.outPath ];
        ids = ids given == ids (study { });
      };
    expected = { closure = true; ids = true; };
  };
  "closure entries that are no store paths are refused" = {
    expr = (study { settings.parametersDependencies = [ 1 ]; }).storeValues;
    error = [
      "error[LAB_TYPE_WRONG]: at run r.parametersDependencies: a value of type int is not a package"
      "hint: for instance [ pkgs.jq ]"
    ];
  };
}
