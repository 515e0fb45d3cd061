# What a simple stage may be: functions of the parameters, resources, outputs, and what is refused.
{ stage, runOf, runStage, jobOf, jobsOf, ids, executable, inputsOf, sort, ... }:
let
  describe = job: {
    inherit (job) pname resources;
    inherit (executable "main" job) outputs;
  };
  # { "<values of the job's parameters>" = f job; }
  byValues =
    f: jobs:
    builtins.listToAttrs (
      map (job: {
        name = toString (builtins.attrValues (builtins.fromJSON job.parametersJson));
        value = f job;
      }) jobs
    );
  swept = {
    pname = { parameters }: "mode-${parameters.mode}";
    parameters = { mode = "none"; size = 1; };
    outputs = { parameters }: { ${parameters.mode} = "$out/${parameters.mode}.txt"; };
    resources = { parameters }: { mem = "${toString (parameters.size * 2)}G"; };
    run = { ... }: "true";
  };
  modes = runStage swept { parameters = { mode = [ "fast" "slow" ]; size = [ 1 2 ]; }; };
  text = length: builtins.concatStringsSep "" (builtins.genList (_: "x") length);
  resourcesOf = resources: (jobOf "a" (runStage (stage "a" { inherit resources; }) { })).resources;
  refuses = extra: error: {
    expr = ids (runStage (stage "a" extra) { });
    inherit error;
  };
  refusesResource = resources: error: refuses { inherit resources; } ([ "error[LAB_RESOURCES_INVALID]: at stage a.resources." ] ++ error);
in
{
  "pname, outputs and resources as functions have a value of their own in every combination" = {
    expr = byValues describe modes.jobs;
    expected = {
      "fast 1" = { pname = "mode-fast"; outputs.fast = "$out/fast.txt"; resources.mem = "2G"; };
      "fast 2" = { pname = "mode-fast"; outputs.fast = "$out/fast.txt"; resources.mem = "4G"; };
      "slow 1" = { pname = "mode-slow"; outputs.slow = "$out/slow.txt"; resources.mem = "2G"; };
      "slow 2" = { pname = "mode-slow"; outputs.slow = "$out/slow.txt"; resources.mem = "4G"; };
    };
  };

  "a stage has one script for each name and set of outputs, not for each combination" = {
    expr = sort (map (script: script.name) modes.scripts);
    expected = [ "mode-fast-script-1.1" "mode-slow-script-1.1" ];
  };

  "the functions receive the defaults of parameters that the run does not give" = {
    expr = describe (jobOf "mode-none" (runStage swept { parameters.mode = [ null ]; }));
    expected = {
      pname = "mode-none";
      outputs.none = "$out/none.txt";
      resources.mem = "2G";
    };
  };

  "inputs as a function are wired as each combination has them" = {
    expr = byValues (job: map (input: input.source_output) (inputsOf (executable "main" job))) (
      jobsOf "reader" (
        runOf (call: rec {
          p = call (stage "p" { outputs = { fine = "$out/f"; coarse = "$out/c"; }; }) [ ];
          r = call (stage "reader" {
            parameters.grid = "fine";
            inputs = { parameters }: { ${parameters.grid} = ""; };
          }) [ p ];
        }) { parameters.grid = [ "fine" "coarse" ]; }
      )
    );
    expected = { coarse = [ "coarse" ]; fine = [ "fine" ]; };
  };

  "a consumer reads the output that its producer has in the same combination" = {
    expr = byValues
      (job: map (input: [ input.job_id_template input.source_output ]) (inputsOf (executable "main" job)))
      (
        jobsOf "reader" (
          runOf (call: rec {
            p = call swept [ ];
            r = call (stage "reader" { parameters.mode = ""; inputs = { parameters }: { ${parameters.mode} = ""; }; }) [ p ];
          }) { parameters.mode = [ "fast" "slow" ]; }
        )
      );
    expected = { fast = [ [ "mode-fast" "fast" ] ]; slow = [ [ "mode-slow" "slow" ] ]; };
  };

  "a consumer that cannot be wired in one of the combinations is refused" = {
    expr = ids (
      runOf (call: rec { p = call swept [ ]; r = call (stage "reader" { inputs.fast = ""; }) [ p ]; }) {
        parameters.mode = [ "fast" "slow" ];
      }
    );
    error = [
      "error[LAB_INPUT_UNMATCHED]: at stage reader: no output of mode-slow has the name of an input"
      "outputs of mode-slow: slow"
    ];
  };

  "a function that asks for more than parameters is refused" =
    refuses { pname = { parameters, pkgs }: "a"; } [
      "error[LAB_FUNCTION_INVALID]: at stage.pname: the function asks for parameters, pkgs"
      "hint: it receives parameters alone: write { parameters }: ..."
    ];
  "a function of something else than parameters is refused" =
    refuses { resources = { params }: { }; } [ "error[LAB_FUNCTION_INVALID]: at stage a.resources: the function asks for params" ];
  "a function that names no argument is refused" =
    refuses { outputs = parameters: { }; } [ "error[LAB_FUNCTION_INVALID]: at stage a.outputs: the function does not name its arguments" ];
  "inputs that ask for nothing are refused" =
    refuses { inputs = { }: { }; } [ "error[LAB_FUNCTION_INVALID]: at stage a.inputs" ];
  "a pname that is no name in one combination is refused" = {
    expr = ids (runStage (swept // { pname = { parameters }: parameters.mode; }) { parameters.mode = [ "a" "b c" ]; });
    error = [ ''error[LAB_NAME_INVALID]: at stage.pname: invalid name "b c"'' ];
  };

  "all resources reach the job, and no resources are none" = {
    expr = map resourcesOf [
      { mem = "2G"; cpus = 4; time = "01:00:00"; partition = "long"; sbatch_opts = [ "--exclusive" ]; }
      { }
      null
    ];
    expected = [
      { mem = "2G"; cpus = 4; time = "01:00:00"; partition = "long"; sbatch_opts = [ "--exclusive" ]; }
      null
      null
    ];
  };
  "GPUs become an option of sbatch after those given" = {
    expr = map resourcesOf [ { gpus = 2; } { gpus = "a100:2"; sbatch_opts = [ "--exclusive" ]; } ];
    expected = [ { sbatch_opts = [ "--gpus=2" ]; } { sbatch_opts = [ "--exclusive" "--gpus=a100:2" ]; } ];
  };
  "GPUs of no number are refused" = refusesResource { gpus = "many"; } [ ''gpus: "many" does not fit'' ''for instance gpus = 1; or gpus = "a100:2"'' ];
  "no processors are refused" = refusesResource { cpus = 0; } [ "cpus: 0 does not fit" "for instance cpus = 4" ];
  "memory as a number is refused" = refusesResource { mem = 2; } [ "mem: 2 does not fit" ''for instance mem = "2G"'' ];
  "memory, time and partitions that sbatch does not take are refused" = {
    expr = map (resources: (builtins.tryEval (builtins.deepSeq (resourcesOf resources) true)).success) [
      { mem = "1.5G"; }
      { mem = "4 GB"; }
      { mem = "4GiB"; }
      { mem = ""; }
      { time = "1h"; }
      { time = "1:2:3:4"; }
      { partition = ""; }
      { partition = "a b"; }
    ];
    expected = builtins.genList (_: false) 8;
  };
  "every spelling of memory and time that sbatch takes is taken" = {
    expr = builtins.all (resources: resourcesOf resources == resources) (
      map (mem: { inherit mem; }) [ "0" "512" "512K" "2gb" "1T" ]
      ++ map (time: { inherit time; }) [ "30" "30:15" "01:00:00" "2-12" "2-12:30" "2-12:30:00" "UNLIMITED" ]
    );
    expected = true;
  };
  "a time that sbatch does not take is refused with one that it does" = refusesResource { time = "1h"; } [ ''time: "1h" does not fit'' ''for instance time = "01:00:00"'' ];
  "options of sbatch as text are refused" = refusesResource { sbatch_opts = "--exclusive"; } [ "sbatch_opts" ''[ "--exclusive" ]'' ];
  "a resource that is not known is refused" =
    refuses { resources.memory = "2G"; } [
      "error[LAB_KEY_UNKNOWN]: at stage a.resources: unknown key memory"
      "known keys: cpus, gpus, mem, partition, sbatch_opts, time"
    ];

  "an output outside of the job's folder is refused" =
    refuses { outputs.data = "/tmp/data"; } [
      ''error[LAB_OUTPUT_INVALID]: at stage a.outputs.data: an output is a path in $out, found "/tmp/data"''
      ''hint: for instance data = "$out/data.txt";''
    ];
  "an output that leaves the job's folder is refused" = refuses { outputs.data = "$out/../data"; } [
    ''error[LAB_OUTPUT_INVALID]: at stage a.outputs.data: an output is a path in $out, found "$out/../data"''
  ];
  "an output whose name begins with two dots is one" = {
    expr = (executable "main" (jobOf "a" (runStage (stage "a" { outputs.data = "$out/..data"; }) { }))).outputs;
    expected.data = "$out/..data";
  };
  "a name or a version may be made of a store path" = {
    expr =
      let
        file = "${./stages.nix}";
      in
      map (job: builtins.match "[0-9a-z]{32}-of-[0-9a-z]{32}-stages.nix-[0-9a-z]{8}" job.id != null) (
        runStage (stage "a" {
          parameters.file = file;
          pname = { parameters }: "of-${baseNameOf parameters.file}";
          version = builtins.substring 11 8 file;
        }) { }
      ).jobs;
    expected = [ true ];
  };
  "a name too long for a file is refused" = refuses { pname = text 201; } [
    "error[LAB_NAME_INVALID]: at stage.pname: invalid name \"xxx"
    "at most 200 characters"
  ];
  "a name and a version that together are too long for a store path are refused" = {
    expr = map (script: script.drvPath) (runStage (stage "a" { pname = text 190; version = text 20; }) { }).scripts;
    error = [
      "error[LAB_NAME_INVALID]: at stage ${text 190}.run: the script's name has 218 characters"
      "hint: it has at most 207: shorten pname, version or the name of the step"
    ];
  };
  "an output that is no text is refused" = refuses { outputs.data = 1; } [ "error[LAB_OUTPUT_INVALID]" "found a value of type int" ];
  "a stage file that asks for what there is not is refused" = {
    expr = ids (runStage ({ numpyy }: stage "a" { }) { });
    error = [
      "error[LAB_ARGUMENT_UNKNOWN]: at stage: the function asks for numpyy, which it cannot be given"
      "hint: it can ask for pkgs and what the package set has by name"
    ];
  };
  "a stage that is no set is refused" = {
    expr = ids (runStage ({ ... }: "stage") { });
    error = [
      "error[LAB_TYPE_WRONG]: at stage: expected an attribute set, found string"
      "its keys are: pname, run"
    ];
  };
  "dependencies that are no list are refused" = {
    expr = ids (runOf (call: { a = call (stage "a" { }) { }; }) { });
    error = [
      "error[LAB_DEPENDENCY_INVALID]: at stage a: the dependencies of a stage are a list, found set"
      "callStage ./stage.nix [ producer ]"
    ];
  };
  "what RepX's callPackage leaves in a definition is accepted" = {
    expr = builtins.length (ids (runStage (stage "a" { override = { }; overrideDerivation = { }; passthru.x = 1; }) { }));
    expected = 1;
  };
}
