# runs2Lab : [ run ] | { runs, gitHash ? "", lab_version ? "1.0.0", groups ? { }, containerMode ? "none" }
# -> derivation of the Lab folder. groups: { name = [ run ]; }, selected as @name.
# containerMode: none, unified (one image for the Lab) or per-run.
given:
let
  checkContainerMode = import ./checkContainerMode.nix;
  checkKeys = import ./checkKeys.nix;
  mkCheckedLab = import ./mkCheckedLab.nix;
  at = "runs2Lab";
  definition = checkKeys {
    inherit at;
    required = [ "runs" ];
    optional = [ "gitHash" "lab_version" "groups" "containerMode" ];
  } (if builtins.isList given then { runs = given; } else given);
in
mkCheckedLab (
  {
    inherit at;
    gitHash = "";
    lab_version = "1.0.0";
    groups = { };
  }
  // definition
  // {
    containerMode = checkContainerMode { at = "${at}.containerMode"; } (definition.containerMode or "none");
  }
)
