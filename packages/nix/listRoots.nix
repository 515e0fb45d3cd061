# listRoots : [ run ] -> [ string ], what the jobs of these runs need: their scripts, and parameter values with store paths.
runs:
let
  uniqueStrings = import ./uniqueStrings.nix;
in
uniqueStrings (
  builtins.concatMap (run: map (script: script.outPath) run.scripts) runs
  ++ builtins.concatMap (run: run.storeValues) runs
)
