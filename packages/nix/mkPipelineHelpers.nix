# mkPipelineHelpers : { pkgs, runDependencies ? [ ] } -> { mkPipe, callStage }, what a pipeline file receives as `repx`.
# runDependencies: the runs that the pipeline's run depends on, [ { run, type } ].
{ pkgs, runDependencies ? [ ], ... }:
{
  mkPipe = stages: stages;
  callStage = import ./callStage.nix { inherit pkgs runDependencies; };
}
