# callRunFile : { at, name, pkgs, repx-lib, dependencies } -> (path | function) -> run.
# The file receives those of pkgs' attributes, pkgs and repx-lib that it names.
{ at, name, pkgs, repx-lib, dependencies }: file:
let
  fail = import ./fail.nix;
  callFile = import ./callFile.nix;
  mkRun = import ./mkRun.nix;
  returned = callFile {
    inherit at;
    available = pkgs // { inherit pkgs repx-lib; };
  } file;
  found =
    if !builtins.isAttrs returned then
      builtins.typeOf returned
    else if returned._repxType or null == "run" then
      "a run that mkRun made"
    else if returned ? dependencies then
      "dependencies, which stand in callRun"
    else
      null;
in
if found != null then
  fail {
    code = "LAB_TYPE_WRONG";
    inherit at;
    message = "a run file returns the arguments of mkRun, found ${found}";
    hint = "write { pkgs, repx-lib, ... }: { pipelines = [ ./pipeline.nix ]; parameters = { }; }";
  }
else
  mkRun (
    {
      inherit pkgs name;
      # RepX 0.5 lets a run vary what no stage declares.
      allowUndeclared = true;
    }
    // returned
    // {
      inherit dependencies;
    }
  )
