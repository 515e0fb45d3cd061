# callStage : { pkgs, runDependencies } -> stage file -> dependencies -> stage node.
# A node is lazy in its dependencies, so that a cycle can be found and named before anything follows it.
# `key` tells nodes apart by content (Nix has no identity); `depth` orders them after what they need.
{ pkgs, runDependencies }: file: dependencies:
let
  fail = import ./fail.nix;
  readStage = import ./readStage.nix;
  readDependency = import ./readDependency.nix;
  mapInputs = import ./mapInputs.nix;
  renderParameters = import ./renderParameters.nix;
  stage = readStage { inherit pkgs; } file;
  at = "stage ${stage.pname}";
  wires =
    if builtins.isList dependencies then
      map (readDependency { inherit at; }) dependencies
    else
      fail {
        code = "LAB_DEPENDENCY_INVALID";
        inherit at;
        message = "the dependencies of a stage are a list, found ${builtins.typeOf dependencies}";
        hint = "write callStage ./stage.nix [ ] or callStage ./stage.nix [ producer ]";
      };
  inputs = mapInputs { inherit at stage wires runDependencies; };
in
{
  _repxType = "stage";
  inherit stage wires;
  inherit inputs; # [ { mapping; producer; } ]: producer is null for what another run or the target supplies
  depth = builtins.foldl' (deepest: wire: if wire.node.depth >= deepest then wire.node.depth + 1 else deepest) 0 wires;
  key = builtins.hashString "sha256" (
    builtins.toJSON [
      (builtins.unsafeDiscardStringContext stage.script.outPath)
      (builtins.unsafeDiscardStringContext (renderParameters stage.parameters))
      stage.outputs
      stage.resources
      (map (input: [ (if input.producer == null then null else input.producer.key) input.mapping ]) inputs)
    ]
  );
}
