# readRunArguments : mkRun's arguments -> the same with defaults. RepX 0.5 passes some that say nothing here.
definition:
let
  fail = import ./fail.nix;
  checkKeys = import ./checkKeys.nix;
  checkPackages = import ./checkPackages.nix;
  readPackages = import ./readPackages.nix;
  at = "run ${if builtins.isString (definition.name or null) then definition.name else "?"}";
  defaults = {
    parameters = { };
    dependencies = [ ];
    include = null;
    exclude = null;
    rev = null;
    loops = null;
    hashMode = "pure";
    parametersDependencies = [ ];
    allowUndeclared = false;
  };
  ignored = [ "repx-lib" "override" "overrideDerivation" "interRunDepTypes" "dependencyJobs" ];
  given = checkKeys {
    inherit at ignored;
    required = [ "pkgs" "name" "pipelines" ];
    optional = [
      "parameters"
      "dependencies"
      "include"
      "exclude"
      "rev"
      "loops"
      "hashMode"
      "parametersDependencies"
      "allowUndeclared"
    ];
  } definition;
  check =
    name: isRight: hint: value:
    if isRight value then
      value
    else
      fail {
        code = "LAB_TYPE_WRONG";
        at = "${at}.${name}";
        message = "a value of type ${builtins.typeOf value} does not fit";
        inherit hint;
      };
  arguments = defaults // given;
in
arguments
// {
  pkgs = checkPackages { inherit at; } arguments.pkgs;
  pipelines = check "pipelines" builtins.isList "write pipelines = [ ./pipeline.nix ]" arguments.pipelines;
  dependencies = check "dependencies" builtins.isList "write dependencies = [ run ]" arguments.dependencies;
  parameters = check "parameters" builtins.isAttrs "write parameters = { name = [ value ]; }" arguments.parameters;
  parametersDependencies = readPackages { at = "${at}.parametersDependencies"; } arguments.parametersDependencies;
  allowUndeclared = check "allowUndeclared" builtins.isBool "write allowUndeclared = true" arguments.allowUndeclared;
}
