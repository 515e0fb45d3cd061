# mkPipelineHelpers : { pkgs, runDependencies ? [ ], space ? none } -> { mkPipe, callStage }.
# What a pipeline file receives as `repx`. runDependencies: the runs that the pipeline's run depends on, [ { run, type } ]; space: its combinations, see mkSpace.
{ pkgs, runDependencies ? [ ], space ? (_: [ { } ]), ... }:
{
  mkPipe = stages: stages;
  callStage = import ./callStage.nix { inherit pkgs runDependencies space; };
}
