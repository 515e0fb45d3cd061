# readPipeline : { at, pkgs, runDependencies, space } -> (path | function) -> [ stage node ], with all that they need.
{ at, pkgs, runDependencies, space }: definition:
let
  fail = import ./fail.nix;
  callFile = import ./callFile.nix;
  checkAcyclic = import ./checkAcyclic.nix;
  mkPipelineHelpers = import ./mkPipelineHelpers.nix;
  repx = mkPipelineHelpers { inherit pkgs runDependencies space; };
  place = if builtins.isPath definition then "${at}, pipeline ${baseNameOf definition}" else "${at}, pipeline";
  stages = callFile {
    at = place;
    available = pkgs // { inherit pkgs repx; };
  } definition;
  checkNode =
    name: value:
    if builtins.isAttrs value && value._repxType or null == "stage" then
      value
    else
      fail {
        code = "LAB_TYPE_WRONG";
        at = "${place}.${name}";
        message = "a value of type ${builtins.typeOf value} is not a stage";
        hint = "write ${name} = repx.callStage ./${name}.nix [ ];";
      };
  named =
    if builtins.isAttrs stages then
      builtins.attrValues (builtins.mapAttrs checkNode stages)
    else
      fail {
        code = "LAB_TYPE_WRONG";
        at = place;
        message = "a pipeline is a set of stages, found ${builtins.typeOf stages}";
        hint = "write { repx, ... }: repx.mkPipe rec { first = repx.callStage ./first.nix [ ]; }";
      };
in
builtins.genericClosure {
  startSet = checkAcyclic { at = place; } named;
  operator = node: map (wire: wire.node) node.wires;
}
