# Three lattice sizes times five seeds: 15 independent jobs.
{ pkgs, repx }:
repx.lib.mkRun {
  inherit pkgs;
  name = "simulation";
  pipelines = [ ./pipeline.nix ];
  parameters = {
    lattice_size = [ 16 32 64 ];
    seed = [ 1 2 3 4 5 ];
  };
}
