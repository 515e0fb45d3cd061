{ pkgs, repx-lib }:
{
  pipelines = [ ../pipelines/model.nix ];
  parameters = {
    seed = [ null ];
    start = [ null ];
    label = [ "decay" ];
    environment = [ null ];
    rate = [ (-1) 0 ];
    steps = [ null ];
  };
}
