# A value of the wrong type, or a file that is not there, ends in a message of the library, wherever it stands.
{ repx, pkgs, run, stage, scattered, work, runOf, runStage, ids, parametersOf, ... }:
let
  lab = runs: (repx.runs2Lab runs).drvPath;
  wrong = [ null true 1 1.5 "text" [ 1 ] ];
  # Each of the values is refused with this code; tryEval sees what is thrown and no error of Nix's own.
  isRefused = build: builtins.all (value: !(builtins.tryEval (build value)).success);
  refusesRun = extra: error: {
    expr = ids (run "r" extra);
    inherit error;
  };
  refuses = extra: error: {
    expr = ids (runStage (stage "a" extra) { });
    inherit error;
  };
  refusesLab = extra: error: {
    expr = (repx.mkLab ({ inherit pkgs; repx-lib = repx; gitHash = ""; lab_version = "1"; runs = { }; } // extra)).lab.drvPath;
    inherit error;
  };
  ofRun = name: value: lab [ (run "r" { ${name} = value; }) ];
  ofStage = name: value: lab [ (runStage (stage "a" { ${name} = value; }) { }) ];
  ofPart = part: name: value: lab [ (runStage (scattered { ${part}.${name} = value; }) { }) ];
in
{
  "no value that is wrong everywhere ends in an error of Nix" = {
    expr = map (build: isRefused build wrong) [
      lab
      (value: lab [ value ])
      (value: lab { runs = value; })
      (value: lab { runs = [ (run "r" { }) ]; groups = value; })
      (value: lab { runs = [ (run "r" { }) ]; containerMode = value; })
      (value: lab [ (repx.mkRun value) ])
      (ofRun "pkgs")
      (ofRun "parameters")
      (value: ofRun "pipelines" [ value ])
      (value: ofRun "pipelines" [ (_: value) ])
      (value: ofRun "pipelines" [ (_: { a = value; }) ])
      (value: ofRun "dependencies" [ value ])
      (value: ofRun "dependencies" [ [ (run "before" { }) value ] ])
      (value: ofRun "parametersDependencies" [ value ])
      (value: lab [ (runOf (call: { a = call value [ ]; }) { }) ])
      (value: lab [ (runOf (call: { a = call (_: value) [ ]; }) { }) ])
      (value: lab [ (runOf (call: { a = call (stage "a" { }) [ value ]; }) { }) ])
      (ofStage "parameters")
      (ofStage "inputs")
      (ofStage "outputs")
      (ofStage "run")
      (value: ofStage "outputs" { x = value; })
      (value: ofStage "runDependencies" [ value ])
      (ofPart "scatter" "run")
      (ofPart "gather" "outputs")
      (value: lab [ (runStage (scattered { steps.a = value; }) { }) ])
      (value: lab [ (runStage (scattered { steps.a = work // { deps = [ value ]; }; }) { }) ])
      (value: (repx.mkLab value).lab.drvPath)
      (value: (repx.mkLab { inherit pkgs; repx-lib = repx; gitHash = ""; lab_version = "1"; runs = value; }).lab.drvPath)
    ];
    expected = builtins.genList (_: true) 29;
  };

  "a package set that is none is refused" = refusesRun { pkgs = null; } [
    "error[LAB_PACKAGES_INVALID]: at run r.pkgs: a value of type null is not a package set"
    "hint: write pkgs = nixpkgs.legacyPackages.x86_64-linux; a Lab needs of it: bash, coreutils,"
  ];
  "a flake in place of its package set is refused with what it lacks" = refusesRun { pkgs = { legacyPackages = { }; inherit (pkgs) bash; }; } [
    "error[LAB_PACKAGES_INVALID]: at run r.pkgs: the package set has no coreutils, findutils, gawk, gnugrep, gnused, pkgsStatic"
  ];
  "a package set of mkLab that is none is refused" = refusesLab { pkgs = { }; runs.a = repx.callRun ({ ... }: { }) [ ]; } [
    "error[LAB_PACKAGES_INVALID]: at mkLab.pkgs: the package set has no bash"
  ];
  "allowUndeclared that is neither true nor false is refused" = refusesRun { allowUndeclared = 1; } [
    "error[LAB_TYPE_WRONG]: at run r.allowUndeclared: a value of type int does not fit"
  ];
  "a run without a pipeline is refused" = refusesRun { pipelines = [ ]; } [
    "error[LAB_TYPE_WRONG]: at run r.pipelines: no stage is in them, so the run would have no jobs"
  ];
  "a run of pipelines without stages is refused" = refusesRun { pipelines = [ ({ ... }: { }) ]; } [ "no stage is in them" ];
  "a script in place of a function that returns one is refused" = refuses { run = "echo"; } [
    "error[LAB_TYPE_WRONG]: at stage.run: expected a function, found string"
    "hint: write run = { inputs, outputs, parameters, ... }: ''...'';"
  ];
  "run that returns no text is refused" = refuses { run = { ... }: ./stages.nix; } [
    "error[LAB_TYPE_WRONG]: at stage a.run: it returns the text of a script, found path"
    "of a file: builtins.readFile ./script.sh"
  ];
  "run that asks for what there is not is refused with the stage's name" = refuses { run = { input }: ""; } [
    "error[LAB_ARGUMENT_UNKNOWN]: at stage a.run: the function asks for input, which it cannot be given"
    "hint: it can ask for pkgs, inputs, outputs, parameters"
  ];
  "software that is no list is refused" = refuses { runDependencies = pkgs.busybox; } [
    "error[LAB_TYPE_WRONG]: at stage.runDependencies: expected a list of packages, found set"
    "hint: for instance [ pkgs.jq ]"
  ];
  "the name of a package in place of it is refused" = refuses { runDependencies = [ "jq" ]; } [
    "error[LAB_TYPE_WRONG]: at stage.runDependencies: a value of type string is not a package"
  ];
  "a folder of programs in the store is a package" = {
    expr = builtins.length (ids (runStage (stage "a" { runDependencies = [ "${pkgs.busybox}" ../expressions ]; }) { }));
    expected = 1;
  };
  "a step's software that is no list is refused with the step" = {
    expr = ids (runStage (scattered { steps.first = work // { runDependencies = null; }; }) { });
    error = [ "error[LAB_TYPE_WRONG]: at stage.steps.first.runDependencies: expected a list of packages, found null" ];
  };
  "an example of a work item that JSON cannot say is refused" = {
    expr = ids (runStage (scattered { scatter.outputs = { work__items = "$out/work_items.json"; worker__arg.f = [ (x: x) ]; }; }) { });
    error = [
      "error[LAB_OUTPUT_INVALID]: at stage sg.scatter.outputs.worker__arg:"
      "hint: for instance worker__arg = { index = 0; };"
    ];
  };

  "a stage file that does not exist is refused" = {
    expr = ids (runOf (call: { a = call ./missing.nix [ ]; }) { });
    error = [
      "error[LAB_FILE_MISSING]: at stage file missing.nix: the file does not exist: "
      "hint: write ./file without quotes; in a flake, Nix sees only files that Git knows: git add them"
    ];
  };
  "a pipeline that does not exist is refused" = refusesRun { pipelines = [ ./missing.nix ]; } [
    "error[LAB_FILE_MISSING]: at run r, pipeline missing.nix: the file does not exist: "
  ];
  "the name of a pipeline in place of its path is refused" = refusesRun { pipelines = [ "pipeline.nix" ]; } [
    ''error[LAB_FILE_MISSING]: at run r, pipeline: not a path: "pipeline.nix"''
  ];
  "a run file that does not exist is refused" = refusesLab { runs.a = repx.callRun ./missing.nix [ ]; } [
    "error[LAB_FILE_MISSING]: at mkLab.runs.a: the file does not exist: "
  ];
  "a value that is a file that does not exist is refused" = {
    expr = ids (runStage (stage "a" { parameters.x = ""; }) { parameters.x = [ "" ./missing.csv ]; });
    error = [ "error[LAB_FILE_MISSING]: at run r.parameters.x[1]: the file does not exist: " ];
  };
  "a default that is a file that does not exist is refused" = refuses { parameters.x = ./missing.csv; } [
    "error[LAB_FILE_MISSING]: at stage a.parameters.x: the file does not exist: "
  ];
  "a number without end is refused" = {
    expr = parametersOf (runStage (stage "a" { parameters.x = 1.0e308 * 10.0; }) { });
    error = [ "error[LAB_FLOAT_INEXACT]: at stage a.parameters.x" ];
  };
  "what has a store path is a value, as a flake's input is" = {
    expr = parametersOf (runStage (stage "a" { parameters.x = { outPath = "/nix/store/data"; rev = "1"; }; }) { });
    expected = [ ''{"x":"/nix/store/data"}'' ];
  };
  "names that are no set are refused" = refuses { inputs = [ "x" ]; } [
    "error[LAB_TYPE_WRONG]: at stage a.inputs: expected an attribute set, found list"
    "hint: write { name = ...; }, with a name for each of them"
  ];
  "a Git hash that is no text is refused with how to have none" = {
    expr = lab { runs = [ (run "r" { }) ]; gitHash = null; };
    error = [ ''hint: for instance gitHash = self.rev or "";'' ];
  };
  "a container mode of single runs is checked when the Lab is built" = refusesLab {
    runs.a = repx.callRun ({ ... }: { pipelines = [ ({ repx, ... }: { a = repx.callStage (stage "a" { }) [ ]; }) ]; }) [ ];
    runContainerMode = "all";
  } [ ''error[LAB_CONTAINER_MODE_INVALID]: at mkLab.runContainerMode: unknown mode "all"'' ];
}
