{ repx, ... }:
repx.mkPipe {
  threshold = repx.callStage ./threshold.nix [ ];
}
