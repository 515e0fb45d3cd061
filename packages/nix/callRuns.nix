# callRuns : { at, pkgs, repx-lib, groups } -> { name = placeholder; } -> { runs = { name = run; }; groups = { name = [ run ]; }; }.
# A run has the name that its file gives, else the one that it stands under.
{ at, pkgs, repx-lib, groups }: given:
let
  fail = import ./fail.nix;
  checkNames = import ./checkNames.nix;
  findRun = import ./findRun.nix;
  findDependencies = import ./findDependencies.nix;
  callRunFile = import ./callRunFile.nix;
  checkPlaceholder =
    name: value:
    if builtins.isAttrs value && value._repxType or null == "runPlaceholder" then
      value
    else
      fail {
        code = "LAB_TYPE_WRONG";
        at = "${at}.runs.${name}";
        message = "a value of type ${builtins.typeOf value} does not come from callRun";
        hint = "write ${name} = repx-lib.callRun ./${name}.nix [ ];";
      };
  named = checkNames { at = "${at}.runs"; } given;
  placeholders =
    if named == { } then
      fail {
        code = "LAB_TYPE_WRONG";
        at = "${at}.runs";
        message = "a Lab has at least one run";
        hint = "write runs.simulation = repx-lib.callRun ./simulation.nix [ ];";
      }
    else
      builtins.mapAttrs checkPlaceholder named;
  dependenciesOf = builtins.mapAttrs (
    name:
    findDependencies {
      at = "${at}.runs.${name}";
      inherit placeholders dependenciesOf;
    }
  ) placeholders;
  runs = builtins.mapAttrs (
    name: placeholder:
    callRunFile {
      at = "${at}.runs.${name}";
      inherit name pkgs repx-lib;
      dependencies = map (dependency: [ runs.${dependency.name} dependency.type ]) dependenciesOf.${name};
    } placeholder.runPath
  ) placeholders;
  findMembers =
    group: members:
    # What is no list is refused with the other groups.
    if builtins.isList members then
      map (
        member:
        runs.${
          findRun {
            at = "${at}.groups.${group}";
            inherit placeholders dependenciesOf;
          } member
        }
      ) members
    else
      members;
in
{
  inherit runs;
  groups = builtins.mapAttrs findMembers (checkNames { at = "${at}.groups"; } groups);
}
