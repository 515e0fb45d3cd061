{ pkgs, ... }:
{
  pipelines = [ ({ repx }: repx.mkPipe { summary = repx.callStage ../stages/summary.nix [ ]; }) ];
  parameters = { };
}
