# Scatter-gather stages: what their parts read, what enters their ids, and the constraints on them.
{ stage, scattered, work, runOf, runStage, jobOf, ids, executable, inputsOf, metadataOf, sort, ... }:
let
  step = extra: work // { deps = [ ]; } // extra;
  later = deps: extra: removeAttrs work [ "inputs" ] // { inherit deps; } // extra;
  # extract -> (square, double) -> combine, on the file of a producer; the gather reads a table of the scatter as well.
  diamond = scattered {
    extra.parameters.n = 1;
    extra.resources.time = "01:00:00";
    scatter = {
      inputs.list = "";
      outputs = { worker__arg = { n = 0; }; work__items = "$out/work_items.json"; table = "$out/table.tsv"; };
      resources.mem = "1G";
    };
    steps = rec {
      extract = step { inputs = { worker__item = ""; list = ""; }; outputs.number = "$out/number"; };
      square = later [ extract ] { inputs.number = ""; outputs.squared = "$out/squared"; resources.cpus = 2; };
      double = later [ [ extract "number" "x" ] ] { inputs.x = ""; outputs.doubled = "$out/doubled"; };
      combine = later [ square [ double "doubled" ] ] { inputs = { squared = ""; doubled = ""; }; outputs.sum = "$out/sum"; };
    };
    gather = { inputs = { worker__outs = ""; table = ""; list = ""; }; resources.mem = "2G"; };
  };
  withDiamond =
    extra:
    runOf (call: rec {
      source = call (stage "source" { outputs.numbers = "$out/numbers"; }) [ ];
      sums = call (diamond // extra) [ [ source "numbers" "list" ] ];
      reader = call (stage "reader" { inputs.total = ""; }) [ sums ];
    }) { };
  sums = jobOf "sg" (withDiamond { });
  source = jobOf "source" (withDiamond { });
  list = { type = "intra-pipeline"; job_id = source.id; job_id_template = "source"; source_output = "numbers"; target_input = "list"; };
  idOf = given: (jobOf "sg" (runStage given { })).id;
  refuses = given: error: {
    expr = ids (runStage (scattered given) { });
    inherit error;
  };
  refusesSteps = steps: refuses { inherit steps; };
in
{
  "the programs of a job are the scatter, the steps by name and the gather" = {
    expr = map (part: "${part.name}: ${part.program}") sums.executables;
    expected = [
      "scatter: sg-scatter"
      "step-combine: sg-step-combine"
      "step-double: sg-step-double"
      "step-extract: sg-step-extract"
      "step-square: sg-step-square"
      "gather: sg-gather"
    ];
  };
  "the scatter reads what the stage is given" = {
    expr = inputsOf (executable "scatter" sums);
    expected = [ list ];
  };
  "a first step reads its work item and inputs of the stage" = {
    expr = inputsOf (executable "step-extract" sums);
    expected = [ { source = "scatter:work_item"; target_input = "worker__item"; } list ];
  };
  "a step reads outputs of the steps that it needs, by name or as it is told" = {
    expr = map (name: inputsOf (executable name sums)) [ "step-square" "step-double" "step-combine" ];
    expected = [
      [ { source = "step:extract"; source_output = "number"; target_input = "number"; } ]
      [ { source = "step:extract"; source_output = "number"; target_input = "x"; } ]
      [
        { source = "step:square"; source_output = "squared"; target_input = "squared"; }
        { source = "step:double"; source_output = "doubled"; target_input = "doubled"; }
      ]
    ];
  };
  "the gather reads the branches, outputs of the scatter and inputs of the stage" = {
    expr = inputsOf (executable "gather" sums);
    expected = [
      { source = "runner:worker_outputs"; source_key = "sum"; target_input = "worker__outs"; }
      { source = "scatter:output"; source_output = "table"; target_input = "table"; }
      list
    ];
  };
  "no mapping names a job that is not in the Lab" = {
    expr = builtins.all (
      part: builtins.all (input: input.job_id or source.id == source.id) (inputsOf part)
    ) sums.executables;
    expected = true;
  };
  "outputs of the stage are those of the gather" = {
    expr = map (input: input.source_output) (inputsOf (executable "main" (jobOf "reader" (withDiamond { }))));
    expected = [ "total" ];
  };
  "hints and needed steps stand with the program that they are for" = {
    expr =
      let
        metadata = metadataOf sums;
      in
      {
        inherit (metadata) resource_hints stage_type params;
        hints = builtins.mapAttrs (_: part: part.resource_hints or null) metadata.executables;
        deps = builtins.mapAttrs (_: part: part.deps or [ ]) metadata.executables;
      };
    expected = {
      resource_hints.time = "01:00:00";
      stage_type = "scatter-gather";
      params.n = 1;
      hints = {
        scatter.mem = "1G";
        gather.mem = "2G";
        step-square.cpus = 2;
        step-combine = null;
        step-double = null;
        step-extract = null;
      };
      deps = {
        scatter = [ ];
        gather = [ ];
        step-extract = [ ];
        step-square = [ "extract" ];
        step-double = [ "extract" ];
        step-combine = [ "square" "double" ];
      };
    };
  };
  "the example of a work item stands in the metadata" = {
    expr = (metadataOf sums).executables.scatter.outputs;
    expected = { worker__arg.n = 0; work__items = "$out/work_items.json"; table = "$out/table.tsv"; };
  };

  "the id by names is RepX 0.5's" = {
    expr = ids (
      runStage (scattered {
        extra.parameters.n = 3;
        steps = rec { a = step { }; b = later [ a ] { inputs.result = ""; outputs.last = "$out/last"; }; };
      }) { hashMode = "params-only"; }
    );
    expected = [ "0wfm64nja6vk9s2h199alwnbr639zik8-sg-1.1" ];
  };
  "the script of every part enters the id" = {
    expr = builtins.length (
      builtins.attrNames (
        builtins.groupBy idOf (
          let
            run = { ... }: "echo changed";
          in
          map scattered [
            { }
            { scatter.run = run; }
            { steps.work = work // { inherit run; }; }
            { gather.run = run; }
          ]
        )
      )
    );
    expected = 4;
  };
  "which output a step reads enters the id" = {
    expr =
      let
        swap = output: (jobOf "sg" (runStage (scattered {
          steps = rec {
            a = step { outputs = { x = "$out/x"; y = "$out/y"; }; };
            b = later [ [ a output "i" ] ] { inputs.i = ""; };
          };
        }) { })).id;
      in
      swap "x" == swap "y";
    expected = false;
  };
  "the example of a work item and resources do not enter the id" = {
    expr = builtins.all (given: idOf (scattered given) == idOf (scattered { })) [
      { scatter.outputs = { worker__arg = { m = 5; }; work__items = "$out/work_items.json"; }; }
      { scatter.resources.mem = "9G"; steps.work = work // { resources.cpus = 9; }; gather.resources.mem = "9G"; }
      { extra.resources.mem = "9G"; }
    ];
    expected = true;
  };
  "parts may be functions of the parameters" = {
    expr = sort (
      map (job: builtins.toJSON [ job.pname (executable "gather" job).outputs (executable "step-work" job).resources ]) (
        runStage (scattered {
          extra = { parameters.k = "a"; pname = { parameters }: "sg-${parameters.k}"; };
          steps.work = work // { resources = { parameters }: { partition = parameters.k; }; };
          gather.outputs = { parameters }: { ${parameters.k} = "$out/${parameters.k}"; };
        }) { parameters.k = [ "a" "b" ]; }
      ).jobs
    );
    expected = [ ''["sg-a",{"a":"$out/a"},{"partition":"a"}]'' ''["sg-b",{"b":"$out/b"},{"partition":"b"}]'' ];
  };
  "software that the stage declares is there for all parts" = {
    expr =
      let
        runDependencies = [ { outPath = "/software"; type = "derivation"; } ];
        paths = given: map (part: part.script.identity) (jobOf "sg" (runStage given { })).executables;
      in
      sort (paths (scattered { extra = { inherit runDependencies; }; }))
      == sort (
        paths (scattered {
          scatter = { inherit runDependencies; };
          steps.work = work // { inherit runDependencies; };
          gather = { inherit runDependencies; };
        })
      );
    expected = true;
  };
  "steps that differ in what they need alone are told apart" = {
    expr =
      let
        relax = work // { inputs = { worker__item = ""; x = ""; }; outputs.x = "$out/x"; };
        a = work // { outputs.x = "$out/x"; };
        b = relax // { deps = [ a ]; };
        c = relax // { deps = [ b ]; };
        d = relax // { deps = [ c ]; };
      in
      map (part: part.deps or [ ]) (jobOf "sg" (runStage (scattered { steps = { inherit a b c d; }; }) { })).executables;
    expected = [ [ ] [ ] [ "a" ] [ "b" ] [ "c" ] [ ] ];
  };

  "a stage without a scatter is refused" = {
    expr = ids (runStage (removeAttrs (scattered { }) [ "scatter" ]) { });
    error = [
      "error[LAB_KEY_MISSING]: at stage: missing key scatter"
      "required keys: pname, scatter, steps, gather"
    ];
  };
  "a stage with steps and a script of its own is refused" =
    refuses { extra.run = { ... }: "true"; } [ "error[LAB_KEY_UNKNOWN]: at stage: unknown key run" ];
  "an unknown key of a step is refused" =
    refusesSteps { work = work // { needs = [ ]; }; } [ "error[LAB_KEY_UNKNOWN]: at stage.steps.work: unknown key needs" "resources, deps" ];
  "a stage without steps is refused" = refusesSteps { } [
    "error[LAB_STEPS_INVALID]: at stage sg.steps: a scatter-gather stage has at least one step"
    "hint: write steps.work = {"
  ];
  "a scatter without work items is refused" =
    refuses { scatter.outputs.items = "$out/items"; } [
      "error[LAB_OUTPUT_MISSING]: at stage sg.scatter.outputs: the scatter has no output work__items"
      "outputs given: items"
    ];
  "work items in another file are refused" =
    refuses { scatter.outputs = { worker__arg = { }; work__items = "$out/items.json"; }; } [
      ''error[LAB_OUTPUT_INVALID]: at stage sg.scatter.outputs.work__items: the work items are read from $out/work_items.json''
      ''hint: write outputs.work__items = "$out/work_items.json"''
    ];
  "a scatter without an example of a work item is refused" =
    refuses { scatter.outputs.work__items = "$out/work_items.json"; } [
      "error[LAB_OUTPUT_MISSING]: at stage sg.scatter.outputs: the scatter has no output worker__arg"
      "outputs given: work__items"
    ];
  "a gather that does not take the branches is refused" =
    refuses { gather.inputs.outs = ""; } [
      "error[LAB_INPUT_MISSING]: at stage sg.gather.inputs: the gather has no input worker__outs"
      "inputs given: outs"
    ];
  "a gather that reads what there is not is refused" =
    refuses { gather.inputs = { worker__outs = ""; table = ""; }; } [
      "error[LAB_INPUT_UNMATCHED]: at stage sg.gather: nothing supplies the input table"
    ];
  "steps that do not take the work item are refused" =
    refusesSteps { a = later [ ] { }; } [ "error[LAB_INPUT_MISSING]: at stage sg.steps: no first step has the input worker__item" "in one of: a" ];
  "two last steps are refused" =
    refusesSteps { a = step { }; b = step { outputs.other = "$out/other"; }; } [
      "error[LAB_STEPS_INVALID]: at stage sg.steps: exactly one step is the last, found a, b"
      "deps = [ a b ]"
    ];
  "a last step with two outputs is refused" =
    refusesSteps { a = step { outputs = { x = "$out/x"; y = "$out/y"; }; }; } [
      "error[LAB_STEPS_INVALID]: at stage sg.steps.a.outputs: the last step has exactly one output, found x, y"
    ];
  "a step that needs itself through another is refused" =
    refusesSteps
      (rec {
        a = step { deps = [ b ]; };
        b = later [ a ] { outputs.other = "$out/other"; };
        c = later [ b ] { outputs.last = "$out/last"; };
      })
      [ "error[LAB_CYCLE]: at stage.steps: steps depend on each other in a cycle: a needs b, b needs a" "deps = [ ]" ];
  "a step that is alike to itself in a cycle is refused, not followed for ever" =
    refusesSteps (rec { a = later [ b ] { }; b = later [ a ] { }; }) [ "error[LAB_STEP_AMBIGUOUS]" ];
  "a step of another stage is refused" =
    refusesSteps { a = step { }; b = later [ (step { outputs.foreign = "$out/f"; }) ] { }; } [
      "error[LAB_STEP_UNKNOWN]: at stage.steps.b.deps: it needs a step that is not one of the stage"
      "name one of: a, b"
    ];
  "two steps that are one and the same are refused where one is needed" =
    refusesSteps (rec { a = step { }; b = a; c = later [ a ] { inputs.result = ""; outputs.last = "$out/l"; }; }) [
      "error[LAB_STEP_AMBIGUOUS]: at stage.steps.c.deps: it needs a step that several are alike to: a, b"
    ];
  "a step dependency of another form is refused" =
    refusesSteps { a = step { deps = [ "extract" ]; }; } [
      "error[LAB_DEPENDENCY_INVALID]: at stage.steps.a.deps: not a dependency: a value of type string"
      "where step is one of: a"
    ];
  "step dependencies that are no list are refused" =
    refusesSteps { a = step { deps = { }; }; } [ "error[LAB_TYPE_WRONG]: at stage.steps.a.deps: expected a list, found set" ];
  "steps that share no name are refused" =
    refusesSteps (rec { a = step { }; b = later [ a ] { inputs.x = ""; outputs.last = "$out/l"; }; }) [
      "error[LAB_INPUT_UNMATCHED]: at stage sg.step-b: no output of step-a has the name of an input"
      "outputs of step-a: result; inputs of step-b: x"
    ];
  "an output that a step does not have is refused" =
    refusesSteps (rec { a = step { }; b = later [ [ a "x" ] ] { inputs.x = ""; outputs.last = "$out/l"; }; }) [
      "error[LAB_OUTPUT_UNKNOWN]: at stage sg.step-b: step-a has no output x"
    ];
  "an input that nothing supplies to a step is refused" =
    refusesSteps (rec { a = step { }; b = later [ a ] { inputs = { result = ""; x = ""; }; outputs.last = "$out/l"; }; }) [
      "error[LAB_INPUT_UNMATCHED]: at stage sg.step-b: nothing supplies the input x"
      "outputs of its deps: a.result"
    ];
  "an input that two steps supply is refused" =
    refusesSteps (rec { a = step { }; b = step { resources.cpus = 2; }; c = later [ a b ] { inputs.result = ""; outputs.last = "$out/l"; }; }) [
      "error[LAB_INPUT_AMBIGUOUS]: at stage sg.step-c: more than one dependency supplies the input result"
      "on offer: a.result, b.result"
    ];
}
