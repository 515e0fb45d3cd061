# readRunArguments : mkRun's arguments -> the same with defaults. RepX 0.5 passes some that say nothing here.
definition:
let
  fail = import ./fail.nix;
  checkKeys = import ./checkKeys.nix;
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
    inherit at;
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
    ]
    ++ ignored;
  } definition;
  isStorePath = value: builtins.isPath value || builtins.isString value || value.type or null == "derivation";
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
  pipelines = check "pipelines" builtins.isList "write pipelines = [ ./pipeline.nix ]" arguments.pipelines;
  dependencies = check "dependencies" builtins.isList "write dependencies = [ run ]" arguments.dependencies;
  parameters = check "parameters" builtins.isAttrs "write parameters = { name = [ value ]; }" arguments.parameters;
  parametersDependencies = check "parametersDependencies" (
    value: builtins.isList value && builtins.all isStorePath value
  ) "write parametersDependencies = [ derivation ]" arguments.parametersDependencies;
}
