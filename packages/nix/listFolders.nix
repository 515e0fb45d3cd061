# listFolders : folder -> [ string ], the folders in a folder as an axis: scan with type = "directory".
let
  scanFolder = import ./scanFolder.nix;
in
src:
scanFolder {
  inherit src;
  type = "directory";
}
