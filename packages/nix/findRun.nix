# findRun : { at, placeholders, dependenciesOf } -> (placeholder | name) -> the name in mkLab's runs that is meant.
# Nix has no identity: placeholders are the same when their file is and what they depend on.
# dependenciesOf: { name = findDependencies of it; }, looked at only where one file stands under several names.
{ at, placeholders, dependenciesOf }: wanted:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  findDependencies = import ./findDependencies.nix;
  names = builtins.attrNames placeholders;
  isName = builtins.isString wanted;
  isPlaceholder = builtins.isAttrs wanted && wanted._repxType or null == "runPlaceholder";
  # Without the dependencies: they may go in a circle, which a comparison would follow for ever.
  withoutDependencies = placeholder: removeAttrs placeholder [ "dependencies" ];
  ofFile = builtins.filter (
    name: withoutDependencies placeholders.${name} == withoutDependencies wanted
  ) names;
  dependencies = findDependencies { inherit at placeholders dependenciesOf; } wanted;
  found =
    if isName then
      builtins.filter (name: name == wanted) names
    else if builtins.length ofFile < 2 then
      ofFile
    else
      builtins.filter (name: dependenciesOf.${name} == dependencies) ofFile;
in
if !isName && !isPlaceholder then
  fail {
    code = "LAB_DEPENDENCY_INVALID";
    inherit at;
    message = "a value of type ${builtins.typeOf wanted} is not a run";
    hint = "write simulation or [ simulation \"soft\" ], where simulation comes from callRun; names in runs: ${listNames names}";
  }
else if found == [ ] then
  fail {
    code = "LAB_RUN_MISSING";
    inherit at;
    message = "a run that is not in the Lab: ${
      if isName then
        wanted
      else if builtins.isPath wanted.runPath then
        baseNameOf wanted.runPath
      else
        "a function"
    }";
    hint = "add it to runs of mkLab; names there: ${listNames names}";
  }
else if builtins.length found > 1 then
  fail {
    code = "LAB_RUN_AMBIGUOUS";
    inherit at;
    message = "${listNames found} are one file with the same dependencies, so it is not clear which is meant";
    hint = "write its name instead of the variable: \"${builtins.head found}\"";
  }
else
  builtins.head found
