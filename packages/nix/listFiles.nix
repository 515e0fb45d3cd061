# listFiles : folder -> [ string ], the regular files of a folder as an axis: scan with type = "file".
let
  scanFolder = import ./scanFolder.nix;
in
src:
scanFolder {
  inherit src;
  type = "file";
}
