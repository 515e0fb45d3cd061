# renderRecord : { runs, gitHash, labVersion, containerMode } -> JSON of what is needed to build the Lab again, keys sorted.
# Nothing that differs between versions of Nix or machines of one system: the Lab's path is the same on all of them.
{ runs, gitHash, labVersion, containerMode }:
let
  libraryVersion = import ./libraryVersion.nix;
  inherit (builtins.head runs) pkgs;
in
builtins.toJSON {
  inherit containerMode gitHash;
  lab_version = labVersion;
  library = {
    name = "repx";
    version = libraryVersion;
  };
  packages = {
    bash = pkgs.bash.outPath;
    coreutils = pkgs.coreutils.outPath;
  };
  inherit (pkgs.bash) system;
}
