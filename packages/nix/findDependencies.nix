# findDependencies : { at, placeholders, dependenciesOf } -> placeholder -> [ { name, type } ], by name in mkLab's runs.
{ at, placeholders, dependenciesOf }: placeholder:
let
  fail = import ./fail.nix;
  findRun = import ./findRun.nix;
  find = findRun { inherit at placeholders dependenciesOf; };
  isPair = value: builtins.isList value && builtins.length value == 2;
  readDependency =
    dependency:
    if isPair dependency then
      {
        name = find (builtins.head dependency);
        type = builtins.elemAt dependency 1;
      }
    else
      {
        name = find dependency;
        type = "hard";
      };
in
if builtins.isList placeholder.dependencies then
  map readDependency placeholder.dependencies
else
  fail {
    code = "LAB_DEPENDENCY_INVALID";
    inherit at;
    message = "the dependencies of a run are a list, found ${builtins.typeOf placeholder.dependencies}";
    hint = "write callRun ./run.nix [ ] or callRun ./run.nix [ simulation ]";
  }
