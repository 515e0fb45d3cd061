# readPipeline : { at, pkgs, runDependencies } -> (path | function) -> [ stage node ], each after those that it needs.
{ at, pkgs, runDependencies }: definition:
let
  fail = import ./fail.nix;
  callFile = import ./callFile.nix;
  checkAcyclic = import ./checkAcyclic.nix;
  mkPipelineHelpers = import ./mkPipelineHelpers.nix;
  repx = mkPipelineHelpers { inherit pkgs runDependencies; };
  place = if builtins.isPath definition then "${at}, pipeline ${baseNameOf definition}" else "${at}, pipeline";
  stages = callFile (pkgs // { inherit pkgs repx; }) definition;
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
  reachable = builtins.genericClosure {
    startSet = checkAcyclic { at = place; } named;
    operator = node: map (wire: wire.node) node.wires;
  };
in
builtins.sort (
  a: b:
  if a.depth != b.depth then
    a.depth < b.depth
  else if a.stage.pname != b.stage.pname then
    a.stage.pname < b.stage.pname
  else
    a.key < b.key
) reachable
