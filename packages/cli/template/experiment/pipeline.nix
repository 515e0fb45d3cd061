# The stages, and which of them reads from which.
{ repx, ... }:
repx.mkPipe rec {
  sample = repx.callStage ./sample.nix [ ];
  estimate = repx.callStage ./estimate.nix [ sample ];
}
