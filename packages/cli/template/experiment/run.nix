# A run: what is varied, and the pipeline that each combination goes through. Here 2 x 3 combinations of two stages: 12 jobs.
{ pkgs, repx }:
repx.lib.mkRun {
  inherit pkgs;
  name = "{{name}}";
  pipelines = [ ./pipeline.nix ];
  parameters = {
    points = [ 1000 100000 ];
    seed = [ 1 2 3 ];
  };
}
