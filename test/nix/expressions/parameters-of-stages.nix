# Which jobs a run has: what a stage receives of the parameters, the axes that multiply it, filters and repetitions.
{ stage, run, chain, runOf, runStage, jobsOf, ids, parametersOf, sort, internal, ... }:
let
  # first (n) -> second (m), and third beside them (n, m, k).
  three = runOf (call: rec {
    a = call (stage "first" { parameters.n = 0; outputs.x = "$out/x"; }) [ ];
    b = call (stage "second" { parameters.m = 0; inputs.x = ""; }) [ a ];
    c = call (stage "third" { parameters = { n = 0; m = 0; k = 0; }; }) [ ];
  });
  axes = { n = [ 1 2 3 ]; m = [ 1 2 ]; k = [ 1 2 3 4 5 ]; };
  count = run: builtins.mapAttrs (_: builtins.length) (builtins.groupBy (job: job.pname) run.jobs);
  nm = stage "s" { parameters = { n = 0; m = 0; }; };
  grid = extra: sort (parametersOf (runStage nm ({ parameters = { n = [ 1 2 3 ]; m = [ 1 2 3 ]; }; } // extra)));
  cell = n: m: ''{"m":${toString m},"n":${toString n}}'';
  values = parameters: given: parametersOf (runStage (stage "s" { inherit parameters; }) { parameters = given; });
  texts = [ "" "two words" "  " "a\"b'c" "x\ny" "$HOME" "Grüße" ];
  fileOf = json: builtins.match ''[{]"a":"/nix/store/[a-z0-9]{32}-(.*)"[}]'' (builtins.unsafeDiscardStringContext json);
  refuses = extra: error: {
    expr = grid extra;
    inherit error;
  };
  zip = internal "zipValues";
  repeated = loops: chain' { inherit loops; };
  chain' = extra: run "r" ({ pipelines = [ (chain { }) ]; parameters.x = [ 1 2 ]; } // extra);
  numbered = settings: sort (parametersOf (runStage (stage "s" { parameters.loop = 0; }) settings));
in
{
  "texts that are empty or have spaces, quotes and lines stay as they are" = {
    expr = map (text: (builtins.fromJSON (builtins.head (values { t = "default"; } { t = [ text ]; }))).t) texts;
    expected = texts;
  };
  "numbers, booleans and texts keep their type" = {
    expr = values { a = 0; b = 0; c = 0; d = 0; e = 0; } { a = [ 7 ]; b = [ 2.5 ]; c = [ true ]; d = [ "7" ]; e = [ 1.0 ]; };
    expected = [ ''{"a":7,"b":2.5,"c":true,"d":"7","e":1.0}'' ];
  };
  "1 and 1.0 are two values of an axis" = {
    expr = sort (values { a = 0; } { a = [ 1 1.0 1 ]; });
    expected = [ ''{"a":1.0}'' ''{"a":1}'' ];
  };
  "a path is the store path of what it holds" = {
    expr = map fileOf (values { a = ""; } { a = [ ./stages.nix ]; });
    expected = [ [ "stages.nix" ] ];
  };
  "null and an axis that is not given are the default of the stage" = {
    expr = values { a = 5; b = "x"; } { a = [ null ]; };
    expected = [ ''{"a":5,"b":"x"}'' ];
  };
  "a default of null stays null" = {
    expr = values { a = null; } { a = [ null ]; };
    expected = [ ''{"a":null}'' ];
  };
  "a default that is not scalar is refused" = {
    expr = values { a = [ 1 ]; } { };
    error = [ "error[LAB_VALUE_NOT_SCALAR]: at stage s.parameters.a" ];
  };

  "only axes that a stage or what it needs declares multiply its jobs" = {
    expr = count (three { parameters = axes; });
    expected = { first = 3; second = 6; third = 30; };
  };
  "filters leave a stage the values that occur in a combination that is kept" = {
    expr = count (three { parameters = axes; include = { n, k, ... }: n == 1 || k == 1 && n == 2; });
    expected = { first = 2; second = 4; third = 12; };
  };
  "a stage that declares one member of a zip has each of its values once" = {
    expr = count (
      runOf (call: {
        a = call (stage "one" { parameters.w = 0; }) [ ];
        b = call (stage "both" { parameters = { w = 0; h = 0; }; }) [ ];
      }) { parameters.size = zip { w = [ 1 1 2 ]; h = [ 5 6 7 ]; }; }
    );
    expected = { one = 2; both = 3; };
  };
  "undeclared axes can be ignored" = {
    expr = count (runStage (stage "s" { parameters.n = 0; }) { parameters = { n = [ 1 2 ]; other = [ 1 2 3 ]; }; allowUndeclared = true; });
    expected.s = 2;
  };

  "include as a function keeps the combinations for which it is true" = {
    expr = grid { include = parameters: parameters.n < parameters.m; };
    expected = sort [ (cell 1 2) (cell 1 3) (cell 2 3) ];
  };
  "exclude as a function drops the combinations for which it is true" = {
    expr = grid { exclude = { n, m }: n != m; };
    expected = sort [ (cell 1 1) (cell 2 2) (cell 3 3) ];
  };
  "include as a list keeps the combinations that have all values of one of its sets" = {
    expr = grid { include = [ { n = 1; m = 3; } { m = 2; } ]; };
    expected = sort [ (cell 1 3) (cell 1 2) (cell 2 2) (cell 3 2) ];
  };
  "exclude drops from what include keeps" = {
    expr = grid { include = [ { m = 2; } ]; exclude = [ { n = 2; } ]; };
    expected = sort [ (cell 1 2) (cell 3 2) ];
  };
  "a set of a filter may hold a path" = {
    expr = map fileOf (
      parametersOf (
        runStage (stage "s" { parameters.a = ""; }) {
          parameters.a = [ ./stages.nix ./pipelines.nix ];
          exclude = [ { a = ./stages.nix; } ];
        }
      )
    );
    expected = [ [ "pipelines.nix" ] ];
  };
  "functions of the parameters are not called for combinations that are dropped" = {
    expr = count (
      runStage (stage "s" {
        parameters.n = 0;
        resources = { parameters }: if parameters.n == 3 then throw "dropped" else { cpus = parameters.n; };
      }) { parameters.n = [ 1 2 3 ]; exclude = [ { n = 3; } ]; }
    );
    expected.s = 2;
  };
  "a filter receives the axes that it names, and needs no dots for the others" = {
    expr = grid { include = { n }: n == 1; };
    expected = sort [ (cell 1 1) (cell 1 2) (cell 1 3) ];
  };
  "a filter may have a default for a parameter that no axis gives" = {
    expr = grid { include = { n, other ? 1 }: n == other && other == 1; };
    expected = sort [ (cell 1 1) (cell 1 2) (cell 1 3) ];
  };
  "a filter that asks for what no axis gives is refused" = refuses { include = { n, o, ... }: n == o; } [
    "error[LAB_FILTER_INVALID]: at run r.include: the function asks for o, which no axis gives"
    "parameters: m, n"
  ];
  "an include that keeps nothing is refused" = refuses { include = _: false; } [
    "error[LAB_FILTER_EMPTY]: at run r.include: the filter leaves none of 9 combinations"
    "include keeps the combinations that match"
  ];
  "an exclude that drops what include kept is refused" = refuses { include = [ { n = 1; } ]; exclude = [ { n = 1; } ]; } [
    "error[LAB_FILTER_EMPTY]: at run r.exclude: the filter leaves none of 3 combinations"
    "exclude drops the combinations that match"
  ];
  "a filter with a parameter that is no axis is refused" = refuses { exclude = [ { o = 1; } ]; } [
    "error[LAB_KEY_UNKNOWN]: at run r.exclude: unknown key o"
    "known keys: m, n"
  ];
  "a filter that is neither function nor list is refused" = refuses { include = { n = 1; }; } [
    "error[LAB_FILTER_INVALID]: at run r.include: a filter is a function or a list, found set"
    "[ { x = 3; } ]; parameters: m, n"
  ];
  "a filter that does not answer true or false is refused" = refuses { include = parameters: parameters.n; } [
    "error[LAB_FILTER_INVALID]: at run r.include: the function returns int, not true or false"
  ];

  "a run of two loops has every job twice" = {
    expr = count (repeated 2);
    expected = { first = 4; second = 4; };
  };
  "the first repetition has the ids of a run without loops, and each more only adds jobs" = {
    expr =
      let
        isWithin = few: many: builtins.all (id: builtins.elem id (ids many)) (ids few);
      in
      ids (chain' { }) == ids (repeated 1) && isWithin (repeated 1) (repeated 2) && isWithin (repeated 2) (repeated 3);
    expected = true;
  };
  "filters see the axes alone, and hold for every repetition" = {
    expr = builtins.length (ids (chain' { loops = 3; exclude = { x }: x == 2; }));
    expected = 6;
  };
  "a later stage of a repetition reads the first stage of the same one" = {
    expr =
      let
        made = run "r" { pipelines = [ (chain { }) ]; loops = 3; };
        repetitions = builtins.listToAttrs (map (job: { name = job.id; value = job.repetition; }) made.jobs);
      in
      sort (map (job: [ job.repetition repetitions.${builtins.head job.upstream} ]) (jobsOf "second" made));
    expected = [ [ 1 1 ] [ 2 2 ] [ 3 3 ] ];
  };
  "a stage that declares loop receives the number of the repetition" = {
    expr = numbered { loops = 3; };
    expected = [ ''{"loop":1}'' ''{"loop":2}'' ''{"loop":3}'' ];
  };
  "without loops the parameter loop is one like any other" = {
    expr = numbered { };
    expected = [ ''{"loop":0}'' ];
  };
  "loops beside an axis of that name are refused" = {
    expr = ids (runStage (stage "s" { parameters.loop = 0; }) { loops = 2; parameters.loop = [ 1 ]; });
    error = [
      "error[LAB_OPTION_INVALID]: at run r.loops: the run has an axis named loop as well"
      "hint: give either loops = 2 or parameters.loop"
    ];
  };
  "loops that are no number above 0 are refused" = refuses { loops = 0; } [
    "error[LAB_OPTION_INVALID]: at run r.loops: it cannot be 0"
    "write how often every job shall run: loops = 5"
  ];
}
