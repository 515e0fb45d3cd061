# sortRuns : { at } -> [ run ] -> [ run ], each after those that it depends on. Refuses duplicates, strangers and cycles.
{ at }: runs:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  isRun = value: builtins.isAttrs value && value._repxType or null == "run";
  strangers = builtins.filter (value: !isRun value) runs;
  names = map (run: run.name) runs;
  duplicates = builtins.filter (name: builtins.length (builtins.filter (other: other == name) names) > 1) names;
  needs = run: map (dependency: dependency.run.name) run.dependencies;
  missing = builtins.concatMap (
    run: map (name: "${name} (needed by ${run.name})") (builtins.filter (name: !builtins.elem name names) (needs run))
  ) runs;
  place =
    placed: waiting:
    let
      isReady = run: builtins.all (name: builtins.any (other: other.name == name) placed) (needs run);
      ready = builtins.filter isReady waiting;
    in
    if waiting == [ ] then
      placed
    else if ready == [ ] then
      fail {
        code = "LAB_CYCLE";
        at = "${at}.runs";
        message = "runs depend on each other in a cycle: ${
          listNames (map (run: "${run.name} needs ${listNames (needs run)}") waiting)
        }";
        hint = "remove one of these dependencies";
      }
    else
      place (placed ++ ready) (builtins.filter (run: !isReady run) waiting);
in
if !builtins.isList runs || runs == [ ] || strangers != [ ] then
  fail {
    code = "LAB_TYPE_WRONG";
    at = "${at}.runs";
    message = "expected a list of runs";
    hint = "write runs2Lab [ simulation analysis ], where each comes from mkRun";
  }
else if duplicates != [ ] then
  fail {
    code = "LAB_RUN_DUPLICATE";
    at = "${at}.runs";
    message = "more than one run is named ${builtins.head duplicates}";
    hint = "names given: ${listNames names}";
  }
else if missing != [ ] then
  fail {
    code = "LAB_RUN_MISSING";
    at = "${at}.runs";
    message = "a run depends on one that is not in the Lab: ${listNames missing}";
    hint = "add it to the list; runs in the Lab: ${listNames names}";
  }
else
  place [ ] runs
