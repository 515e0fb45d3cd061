# Pipelines: how outputs meet inputs, which stages are one, and what is refused.
{ stage, pipe, run, runOf, jobOf, jobsOf, ids, executable, inputsOf, ... }:
let
  p = stage "p" { outputs = { x = "$out/x"; y = "$out/y"; }; };
  c = inputs: stage "c" { inherit inputs; };
  # What c reads, with p's job id replaced by its name.
  wired =
    inputs: dependencies:
    map (input: "${input.job_id_template}.${input.source_output} -> ${input.target_input}") (
      inputsOf (executable "main" (jobOf "c" (runOf (call: rec { a = call p [ ]; b = call (c inputs) (dependencies a); }) { })))
    );
  relay = stage "relay" { inputs.x = ""; outputs.x = "$out/x"; };
  names = run: builtins.sort builtins.lessThan (map (job: job.pname) run.jobs);
  count = run: builtins.length run.jobs;
  refuses = stages: error: {
    expr = ids (runOf stages { });
    inherit error;
  };
  link = name: stage name { inputs.x = ""; outputs.x = "$out/x"; };
  before = run "before" { };
  first = stage "a" { inputs = { metadata__before = ""; store__base = ""; }; };
  # A first stage of a run after another, and c behind it.
  afterwards =
    inputs:
    runOf (call: rec { a = call (first // { outputs.x = "$out/x"; }) [ ]; b = call (c inputs) [ a ]; }) {
      dependencies = [ before ];
    };
in
{
  "a bare dependency connects the outputs that have the names of inputs" = {
    expr = wired { x = ""; } (a: [ a ]);
    expected = [ "p.x -> x" ];
  };
  "a dependency of two elements connects one output to the input of its name" = {
    expr = wired { y = ""; } (a: [ [ a "y" ] ]);
    expected = [ "p.y -> y" ];
  };
  "a dependency of three elements connects an output to an input of another name" = {
    expr = wired { first = ""; second = ""; } (a: [ [ a "y" "first" ] [ a "y" "second" ] ]);
    expected = [ "p.y -> first" "p.y -> second" ];
  };
  "an input is met by the job of the same combination" = {
    expr =
      let
        swept = runOf (call: rec { a = call (p // { parameters.n = 0; }) [ ]; b = call (c { x = ""; } // { parameters.n = 0; }) [ a ]; }) {
          parameters.n = [ 1 2 3 ];
        };
        values = builtins.listToAttrs (map (job: { name = job.id; value = job.parametersJson; }) swept.jobs);
      in
      builtins.all (job: values.${(builtins.head (inputsOf (executable "main" job))).job_id} == job.parametersJson) (
        jobsOf "c" swept
      );
    expected = true;
  };
  "two stages of one name with other wires are two jobs, each with its own input" = {
    expr =
      let
        both = runOf (call: rec {
          once = call relay [ source ];
          twice = call relay [ once ];
          source = call (stage "source" { outputs.x = "$out/x"; }) [ ];
        }) { };
        relays = jobsOf "relay" both;
      in
      builtins.length relays == 2 && builtins.any (job: builtins.elem job.id (builtins.concatMap (other: other.upstream) relays)) relays;
    expected = true;
  };
  "two stages of one file with the same wires are one job" = {
    expr = names (runOf (call: rec {
      source = call p [ ];
      one = call (c { x = ""; }) [ source ];
      other = call (c { x = ""; }) [ source ];
    }) { });
    expected = [ "c" "p" ];
  };
  "two stages in line that differ in their scripts alone are two jobs" = {
    expr = count (runOf (call: {
      one = call (stage "s" { run = { ... }: "echo 1"; }) [ ];
      other = call (stage "s" { run = { ... }: "echo 2"; }) [ ];
    }) { });
    expected = 2;
  };
  "two stages in line that differ in one of the combinations alone are kept apart" = {
    expr =
      let
        made = last: stage "s" {
          parameters.n = 0;
          outputs = { parameters }: { x = if parameters.n == 2 then "$out/${last}" else "$out/x"; };
        };
      in
      count (runOf (call: { one = call (made "one") [ ]; other = call (made "other") [ ]; }) { parameters.n = [ 1 2 ]; });
    expected = 3;
  };
  "two stages in line that differ in the inputs that they declare are kept apart" = {
    expr = count (runOf (call: rec {
      source = call p [ ];
      one = call (c { x = ""; }) [ source ];
      other = call (c { x = ""; y = ""; }) [ source ];
    }) { });
    expected = 3;
  };
  "a stage that only another one names runs too" = {
    expr = names (runOf (call: { b = call (c { x = ""; }) [ (call p [ ]) ]; }) { });
    expected = [ "c" "p" ];
  };
  "all pipelines of a run run, and what they share runs once" = {
    expr = count (run "r" {
      pipelines = [
        (pipe (call: rec { a = call p [ ]; b = call (c { x = ""; }) [ a ]; }))
        (pipe (call: rec { a = call p [ ]; b = call relay [ a ]; }))
      ];
    });
    expected = 3;
  };
  "a diamond of fifty stages is evaluated once a stage" = {
    expr = count (runOf (call: rec {
      last = builtins.foldl' (
        below: n: call (p // { pname = "s${toString n}"; inputs = { a = ""; b = ""; }; }) [ [ below "x" "a" ] [ below "y" "b" ] ]
      ) (call p [ ]) (builtins.genList (n: n) 50);
    }) { });
    expected = 51;
  };

  "a first stage receives the metadata of the runs before and the folder of outputs" = {
    expr = inputsOf (executable "main" (jobOf "a" (runOf (call: { a = call first [ ]; }) { dependencies = [ [ before "soft" ] ]; })));
    expected = [
      { type = "inter-run"; source_run = "before"; dependency_type = "soft"; target_input = "metadata__before"; }
      { type = "global"; source_value = "store_base"; target_input = "store__base"; }
    ];
  };
  "a later stage of such a run reads its producers alone" = {
    expr = map (input: input.target_input) (
      inputsOf (executable "main" (jobOf "c" (afterwards { x = ""; })))
    );
    expected = [ "x" ];
  };
  "a later stage that wants the folder of outputs is refused" = {
    expr = ids (afterwards { x = ""; store__base = ""; });
    error = [
      "error[LAB_INPUT_UNMATCHED]: at stage c: nothing supplies the input store__base"
      "its dependencies offer: a.x"
    ];
  };
  "six hundred stages in line are a pipeline" = {
    expr = count (runOf (call: {
      last = builtins.foldl' (below: n: call (relay // { pname = "s${toString n}"; }) [ below ]) (call p [ ]) (builtins.genList (n: n) 600);
    }) { });
    expected = 601;
  };
  "a dependency with null for a name is refused" = {
    expr = wired { x = ""; } (a: [ [ a null "x" ] ]);
    error = [
      "error[LAB_DEPENDENCY_INVALID]: at stage c: not a dependency: a list of 3: set, null, string"
      "hint: write producer, [ producer \"output\" ] or [ producer \"output\" \"input\" ]"
    ];
  };

  "two stages that need each other are refused" = refuses (call: rec { a = call (link "a") [ b ]; b = call (link "b") [ a ]; }) [
    "error[LAB_CYCLE]: at run r, pipeline: stages depend on each other in a cycle: a needs b, b needs a"
    "hint: remove one of these dependencies"
  ];
  "a stage that needs itself is refused" = refuses (call: rec { a = call (link "a") [ a ]; }) [ "error[LAB_CYCLE]" "a needs a" ];
  "a cycle is found where stages of the same names stand outside of it" = refuses
    (call: rec {
      a = call (link "s") [ b ];
      b = call (stage "t" { outputs.x = "$out/x"; }) [ ];
      c = call (link "s") [ d ];
      d = call (link "t") [ c ];
    })
    [ "error[LAB_CYCLE]" "s needs t, t needs s" ];
  "a cycle of stages whose names are functions is refused" = refuses
    (call:
      let
        named = link "x" // { pname = { parameters }: "x"; };
      in
      rec { a = call named [ b ]; b = call (link "b") [ a ]; })
    [ "error[LAB_CYCLE]" "b needs stage" ];
  "a pipeline that is no set is refused" = {
    expr = ids (run "r" { pipelines = [ ({ ... }: [ ]) ]; });
    error = [
      "error[LAB_TYPE_WRONG]: at run r, pipeline: a pipeline is a set of stages, found list"
      "repx.mkPipe rec"
    ];
  };
  "a member of a pipeline that is no stage is refused" = refuses (_: { a = 3; }) [
    "error[LAB_TYPE_WRONG]: at run r, pipeline.a: a value of type int is not a stage"
    "write a = repx.callStage ./a.nix [ ];"
  ];
  "pipelines that are no list are refused" = {
    expr = ids (run "r" { pipelines = pipe (_: { }); });
    error = [
      "error[LAB_TYPE_WRONG]: at run r.pipelines: a value of type lambda does not fit"
      "hint: write pipelines = [ ./pipeline.nix ]"
    ];
  };
}
