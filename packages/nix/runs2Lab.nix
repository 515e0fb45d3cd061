# runs2Lab : [ run ] | { runs, gitHash ? "", lab_version ? "1.0.0", groups ? { }, containerMode ? "none" }
# -> derivation of the Lab folder. groups: { name = [ run ]; }, selected as @name.
# containerMode: none, unified (one image for the Lab) or per-run.
given:
let
  checkKeys = import ./checkKeys.nix;
  mkCheckedLab = import ./mkCheckedLab.nix;
  definition = checkKeys {
    at = "runs2Lab";
    required = [ "runs" ];
    optional = [ "gitHash" "lab_version" "groups" "containerMode" ];
  } (if builtins.isList given then { runs = given; } else given);
in
mkCheckedLab (
  {
    at = "runs2Lab";
    modeAt = "containerMode";
    gitHash = "";
    lab_version = "1.0.0";
    groups = { };
    containerMode = "none";
  }
  // definition
)
