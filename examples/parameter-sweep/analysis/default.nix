# One job that waits for all of the simulation and reduces its outputs.
{ pkgs, repx, simulation }:
repx.lib.mkRun {
  inherit pkgs;
  name = "analysis";
  pipelines = [ ./pipeline.nix ];
  dependencies = [ simulation ];
}
