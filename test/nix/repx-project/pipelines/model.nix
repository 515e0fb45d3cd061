{ repx }:
repx.mkPipe rec {
  grow = repx.callStage ../stages/grow.nix [ ];
  # Before its producer in the alphabet.
  area = repx.callStage ../stages/area.nix [ [ grow "series.txt" "lengths" ] ];
}
