# readBody : { at, packages ? [ ] } -> { run, runDependencies ? [ ] } -> the same, checked: what a script says and which
# software it has, `packages` before its own.
{ at, packages ? [ ] }: given:
let
  fail = import ./fail.nix;
  readPackages = import ./readPackages.nix;
in
{
  run =
    if builtins.isFunction given.run then
      given.run
    else
      fail {
        code = "LAB_TYPE_WRONG";
        at = "${at}.run";
        message = "expected a function, found ${builtins.typeOf given.run}";
        hint = "write run = { inputs, outputs, parameters, ... }: ''...'';";
      };
  runDependencies =
    packages ++ readPackages { at = "${at}.runDependencies"; } (given.runDependencies or [ ]);
}
