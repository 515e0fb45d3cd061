# mkLab and callRun, as projects of RepX 0.5 use them.
{ repx, pkgs, internal, stage, pipe, ... }:
let
  inherit (repx) callRun mkLab;
  # Run files as functions; a file is called in the same way.
  pipelines = [ (pipe (call: { a = call (stage "a" { parameters.x = 0; }) [ ]; })) ];
  first = { ... }: { inherit pipelines; parameters.x = [ 1 2 ]; };
  second = { ... }: { inherit pipelines; parameters.x = [ 3 ]; };
  # A run that takes what it depends on.
  reader = names: { ... }: {
    pipelines = [
      (pipe (call: {
        r = call (stage "r" {
          inputs = builtins.listToAttrs (map (name: { inherit name; value = ""; }) ([ "store__base" ] ++ names));
        }) [ ];
      }))
    ];
    parameters = { };
  };
  # One place in the source, so that Nix can see that both are one file.
  sim = callRun first [ ];
  lab =
    runs: extra:
    mkLab ({ inherit pkgs runs; repx-lib = repx; gitHash = "d34db33f"; lab_version = "1.0.0"; containerMode = "none"; } // extra);
  called =
    runs:
    (internal "callRuns" {
      inherit pkgs;
      at = "mkLab";
      repx-lib = repx;
      groups = { };
    } runs).runs;
  namesOf = runs: map (run: run.name) (builtins.attrValues (called runs));
  needsOf = run: map (dependency: "${dependency.run.name} ${dependency.type}") run.dependencies;
  refuses = runs: error: {
    expr = (lab runs { }).lab.drvPath;
    inherit error;
  };
  refusesLab = extra: error: {
    expr = (lab { inherit sim; } extra).lab.drvPath;
    inherit error;
  };
in
{
  "a run has the name that it stands under" = {
    expr = namesOf { b = callRun first [ ]; a = callRun second [ ]; };
    expected = [ "a" "b" ];
  };

  "a run that gives a name has that" = {
    expr = namesOf { a = callRun ({ ... }: { name = "other"; inherit pipelines; }) [ ]; };
    expected = [ "other" ];
  };

  "a run file receives what it names" = {
    expr = map (run: run.name) (builtins.attrValues (called {
      a = callRun ({ pkgs, ... }@given: { name = builtins.concatStringsSep "_" (builtins.attrNames given); inherit pipelines; }) [ ];
      b = callRun ({ pkgs, repx-lib }: { name = "b_${builtins.concatStringsSep "_" (builtins.attrNames repx-lib.utils)}"; inherit pipelines; }) [ ];
      c = callRun ({ bash, repx-lib ? null }: { name = "c_${bash.name}"; inherit pipelines; }) [ ];
    }));
    expected = [ "pkgs" "b_dirs_env_files_list_range_sanitize_scan_zip" "c_${pkgs.bash.name}" ];
  };

  "a run varies what no stage declares without another job" = {
    expr = builtins.length (called { a = callRun ({ ... }: { inherit pipelines; parameters = { x = [ 1 2 ]; unused = [ 1 2 3 ]; }; }) [ ]; }).a.jobs;
    expected = 2;
  };

  "dependencies are hard unless they say soft" = {
    expr = needsOf (called rec {
      a = callRun first [ ];
      b = callRun second [ ];
      c = callRun (reader [ "metadata__a" "metadata__b" ]) [ a [ b "soft" ] ];
    }).c;
    expected = [ "a hard" "b soft" ];
  };

  "a dependency is known by the name that its file gives" = {
    expr = (builtins.head (called rec {
      a = callRun ({ ... }: { name = "actual"; inherit pipelines; }) [ ];
      c = callRun (reader [ "metadata__actual" ]) [ a ];
    }).c.jobs).upstream != [ ];
    expected = true;
  };

  "a dependency may be written as a name" = {
    expr = needsOf (called { a = sim; b = sim; c = callRun (reader [ "metadata__b" ]) [ "b" ]; }).c;
    expected = [ "b hard" ];
  };

  "one file with other dependencies is another run" = {
    expr =
      let
        runs = rec {
          a = callRun first [ ];
          b = callRun second [ ];
          onA = callRun passing [ a ];
          onB = callRun passing [ b ];
          last = callRun (reader [ "metadata__onB" ]) [ onB ];
        };
        passing = { ... }: { inherit pipelines; };
      in
      needsOf (called runs).last;
    expected = [ "onB hard" ];
  };

  "two names for one run that nothing depends on are two runs of the same jobs" = {
    expr =
      let
        runs = called { a = sim; b = sim; };
      in
      map (job: job.id) runs.a.jobs == map (job: job.id) runs.b.jobs;
    expected = true;
  };

  "a Lab is made of all runs and of each alone" = {
    expr = builtins.mapAttrs (_: builtins.attrNames) (removeAttrs (lab { a = sim; } { }) [ "lab" ]);
    expected.runs = [ "a" ];
  };

  "a dependency that is one file under two names is refused with what to write" =
    refuses { a = sim; b = sim; c = callRun (reader [ "metadata__a" ]) [ sim ]; }
      [
        "error[LAB_RUN_AMBIGUOUS]: at mkLab.runs.c: a, b are one file with the same dependencies, so it is not clear which is meant"
        "hint: write its name instead of the variable: \"a\""
      ];

  "a dependency that is not in the Lab is refused" = refuses { c = callRun (reader [ ]) [ (callRun ./repx-compatibility.nix [ ]) ]; } [
    "error[LAB_RUN_MISSING]: at mkLab.runs.c: a run that is not in the Lab: repx-compatibility.nix"
    "hint: add it to runs of mkLab; names there: c"
  ];

  "a name of a dependency that is not in the Lab is refused" = refuses { a = sim; c = callRun (reader [ ]) [ "b" ]; } [
    "error[LAB_RUN_MISSING]: at mkLab.runs.c: a run that is not in the Lab: b"
    "names there: a, c"
  ];

  "runs that depend on each other are refused" =
    refuses
      (rec {
        a = callRun first [ b ];
        b = callRun second [ a ];
      })
      [
        "error[LAB_CYCLE]: at mkLab.runs: runs depend on each other in a cycle: a needs b, b needs a"
        "hint: remove one of these dependencies"
      ];

  "two runs whose files give one name are refused" =
    refuses
      {
        a = callRun ({ ... }: { name = "same"; inherit pipelines; }) [ ];
        b = callRun ({ ... }: { name = "same"; inherit pipelines; parameters.x = [ 1 ]; }) [ ];
      }
      [ "error[LAB_RUN_DUPLICATE]: at mkLab.runs: more than one run is named same" ];

  "a kind of dependency that does not exist is refused" =
    refuses
      (rec {
        a = sim;
        c = callRun (reader [ "metadata__a" ]) [ [ a "weak" ] ];
      })
      [ "error[LAB_DEPENDENCY_INVALID]: at run c.dependencies: unknown kind of dependency \"weak\"" "kinds: hard, soft" ];

  "a dependency that is no run is refused" = refuses { c = callRun first [ 3 ]; } [
    "error[LAB_DEPENDENCY_INVALID]: at mkLab.runs.c: a value of type int is not a run"
    "hint: write simulation or [ simulation \"soft\" ]"
  ];

  "dependencies that are no list are refused" = refuses { c = callRun first sim; } [
    "error[LAB_DEPENDENCY_INVALID]: at mkLab.runs.c: the dependencies of a run are a list, found set"
    "hint: write callRun ./run.nix [ ]"
  ];

  "a run that does not come from callRun is refused" = refuses { a = ./run.nix; } [
    "error[LAB_TYPE_WRONG]: at mkLab.runs.a: a value of type path does not come from callRun"
    "hint: write a = repx-lib.callRun ./a.nix [ ];"
  ];

  "a run file that returns a run is refused" = refuses { a = callRun ({ ... }: { _repxType = "run"; }) [ ]; } [
    "error[LAB_TYPE_WRONG]: at mkLab.runs.a: a run file returns the arguments of mkRun, found a run that mkRun made"
  ];

  "a run file that returns dependencies is refused" = refuses { a = callRun ({ ... }: { inherit pipelines; dependencies = [ ]; }) [ ]; } [
    "error[LAB_TYPE_WRONG]: at mkLab.runs.a: a run file returns the arguments of mkRun, found dependencies, which stand in callRun"
  ];

  "a run file that returns no set is refused" = refuses { a = callRun ({ ... }: [ ]) [ ]; } [
    "error[LAB_TYPE_WRONG]: at mkLab.runs.a: a run file returns the arguments of mkRun, found list"
    "hint: write { pkgs, repx-lib, ... }: { pipelines = [ ./pipeline.nix ]; parameters = { }; }"
  ];

  "a Lab without runs is refused" = refuses { } [
    "error[LAB_TYPE_WRONG]: at mkLab.runs: a Lab has at least one run"
  ];

  "a key that mkLab does not know is refused" = refusesLab { labVersion = "1"; } [
    "error[LAB_KEY_UNKNOWN]: at mkLab: unknown key labVersion"
    "hint: known keys: pkgs, repx-lib, gitHash, lab_version, runs, groups, containerMode, runContainerMode"
  ];

  "a version that is no text is refused" = refusesLab { lab_version = 1; } [
    "error[LAB_TYPE_WRONG]: at mkLab.lab_version: expected a string, found int"
    "hint: for instance lab_version = \"1.0.0\";"
  ];

  "a Git hash that is no text is refused" = refusesLab { gitHash = null; } [
    "error[LAB_TYPE_WRONG]: at mkLab.gitHash: expected a string, found null"
  ];

  "a container mode that does not exist is refused" = refusesLab { containerMode = "shared"; } [
    "error[LAB_CONTAINER_MODE_INVALID]: at mkLab.containerMode: unknown mode \"shared\""
    "hint: modes: none, unified, per-run"
  ];

  "a container mode of single runs that does not exist is refused" = {
    expr = (lab { inherit sim; } { runContainerMode = true; }).runs.sim.drvPath;
    error = [ "error[LAB_CONTAINER_MODE_INVALID]: at mkLab.runContainerMode: unknown mode of type bool" ];
  };

  "a container mode of runs2Lab that does not exist is refused" = {
    expr = (repx.runs2Lab { runs = builtins.attrValues (called { inherit sim; }); containerMode = "one"; }).drvPath;
    error = [ "error[LAB_CONTAINER_MODE_INVALID]: at runs2Lab.containerMode: unknown mode \"one\"" ];
  };
}
