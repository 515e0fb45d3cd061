{ ... }:
{
  name = "analysis-run";
  pipelines = [
    ({ repx, ... }: repx.mkPipe { analysis = repx.callStage ./stages/stage-analysis.nix [ ]; })
  ];
  parameters = { };
}
