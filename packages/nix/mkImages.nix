# mkImages : { pkgs, images, roots } -> derivation with images/<name>.tar/ and store/<layer>-layer.tar of all images of a Lab.
# images: [ { name, roots } ]; roots: derivation that refers to all of their roots.
# One derivation: images share their layers, and there is none for each layer.
{ pkgs, images, roots }:
let
  toolPath = import ./toolPath.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  binFolders = packages: builtins.concatStringsSep ":" (uniqueStrings (map toolPath packages));
  architectures = {
    x86_64-linux = "amd64";
    aarch64-linux = "arm64";
  };
in
derivation {
  name = "lab-images";
  system = pkgs.bash.system;
  builder = "${toolPath pkgs.bash}/bash";
  args = [ ./buildImages.sh ];
  # GNU tar before a busybox that is called coreutils.
  PATH = binFolders (with pkgs; [ gnutar coreutils findutils gawk ]);
  shell = "${toolPath pkgs.bash}/bash";
  imagePath = "/bin:${binFolders (with pkgs; [ coreutils findutils gnused gawk gnugrep ])}";
  architecture = architectures.${pkgs.bash.system} or (builtins.head (builtins.split "-" pkgs.bash.system));
  exportReferencesGraph = [ "references" roots ];
  passAsFile = [ "images" ];
  images = builtins.concatStringsSep "" (
    builtins.concatMap (image: map (root: "${image.name}\t${builtins.toJSON root}\n") image.roots) images
  );
}
