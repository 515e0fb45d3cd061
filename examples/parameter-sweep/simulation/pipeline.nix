{ repx, ... }:
repx.mkPipe {
  percolation = repx.callStage ./percolation.nix [ ];
}
