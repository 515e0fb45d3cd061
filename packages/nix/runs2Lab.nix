# runs2Lab : [ run ] | { runs, gitHash ? "", lab_version ? "1.0.0", groups ? { } } -> derivation of the Lab folder.
# groups: { name = [ run ]; }, selected as @name.
given:
let
  checkKeys = import ./checkKeys.nix;
  sortRuns = import ./sortRuns.nix;
  readGroups = import ./readGroups.nix;
  buildLab = import ./buildLab.nix;
  definition = checkKeys {
    at = "runs2Lab";
    required = [ "runs" ];
    optional = [ "gitHash" "lab_version" "groups" ];
  } (if builtins.isList given then { runs = given; } else given);
  runs = sortRuns definition.runs;
in
buildLab {
  inherit runs;
  gitHash = definition.gitHash or "";
  labVersion = definition.lab_version or "1.0.0";
  groups = readGroups { inherit runs; } (definition.groups or { });
}
