# planImages : { runs, containerMode } -> { images = [ { name, roots } ]; nameOf = { <run> = name; }; }
# unified: one image for all runs; per-run: one for each; none: no image and no names.
{ runs, containerMode }:
let
  listRoots = import ./listRoots.nix;
  mkImageName = import ./mkImageName.nix;
  plan =
    label: members:
    let
      roots = listRoots members;
    in
    {
      name = mkImageName { inherit label roots; };
      inherit roots members;
    };
  plans =
    if containerMode == "unified" then
      [ (plan "repx-shared-image" runs) ]
    else if containerMode == "per-run" then
      map (run: plan "${run.name}-image" [ run ]) runs
    else
      [ ];
in
{
  images = map (image: { inherit (image) name roots; }) plans;
  nameOf = builtins.listToAttrs (
    builtins.concatMap (image: map (run: { inherit (run) name; value = image.name; }) image.members) plans
  );
}
