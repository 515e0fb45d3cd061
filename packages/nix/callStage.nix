# callStage : { pkgs, runDependencies, space } -> stage file -> dependencies -> stage node.
# A node is lazy in its dependencies, so that a cycle can be found and named before anything follows it.
# `key` tells nodes apart by content (Nix has no identity); `depth` orders them after what they need; `walks` finds cycles.
# `relevant`: the parameters that it and what it needs declare, and so the axes that its jobs vary over.
{ pkgs, runDependencies, space }: file: dependencies:
let
  fail = import ./fail.nix;
  readStage = import ./readStage.nix;
  readDependency = import ./readDependency.nix;
  listWalks = import ./listWalks.nix;
  mkVariants = import ./mkVariants.nix;
  stage = readStage { inherit pkgs; } file;
  variants = mkVariants { inherit stage space; };
  wires =
    if builtins.isList dependencies then
      map (readDependency { inherit (stage) at; }) dependencies
    else
      fail {
        code = "LAB_DEPENDENCY_INVALID";
        inherit (stage) at;
        message = "the dependencies of a stage are a list, found ${builtins.typeOf dependencies}";
        hint = "write callStage ./stage.nix [ ] or callStage ./stage.nix [ producer ]";
      };
in
{
  _repxType = "stage";
  inherit stage wires runDependencies;
  inherit (variants) scripts;
  variantOf = variants.of;
  relevant = builtins.foldl' (names: wire: names // wire.node.relevant) stage.entries wires;
  walks = listWalks wires;
  depth = builtins.foldl' (deepest: wire: if wire.node.depth >= deepest then wire.node.depth + 1 else deepest) 0 wires;
  key = builtins.hashString "sha256" (
    builtins.toJSON [ variants.key (map (wire: [ wire.node.key wire.output wire.input ]) wires) ]
  );
}
