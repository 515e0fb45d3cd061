# readRunDependencies : { at } -> [ run | [ run "hard" | "soft" ] ] -> [ { run, type } ], each run once.
{ at }: given:
let
  fail = import ./fail.nix;
  readRunDependency = import ./readRunDependency.nix;
  dependencies = map (readRunDependency { inherit at; }) given;
  byName = builtins.groupBy (dependency: dependency.run.name) dependencies;
  repeated = builtins.filter (name: builtins.length byName.${name} > 1) (builtins.attrNames byName);
in
if repeated == [ ] then
  dependencies
else
  fail {
    code = "LAB_DEPENDENCY_INVALID";
    at = "${at}.dependencies";
    message = "${builtins.head repeated} is named more than once";
    hint = "name each run once: ${builtins.concatStringsSep " " (builtins.attrNames byName)}";
  }
