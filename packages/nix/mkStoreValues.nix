# mkStoreValues : { pkgs } -> [ string ] -> derivation that refers to the store paths named by these strings, so that
# one reference stands for the closure of them all: an environment variable holds no list of a thousand paths.
{ pkgs }: values:
let
  toolPath = import ./toolPath.nix;
in
derivation {
  name = "store-values";
  system = pkgs.bash.system;
  builder = "${toolPath pkgs.bash}/bash";
  # bash itself: it would become a lone `cp`, and Nix kills a builder that closes its output before it ends, as GNU's does.
  args = [ "-euc" "printf '%s\\n' \"$(<\"$textPath\")\" >\"$out\"" ];
  passAsFile = [ "text" ];
  text = builtins.concatStringsSep "\n" values;
}
