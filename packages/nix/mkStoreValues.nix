# mkStoreValues : { pkgs } -> [ string ] -> derivation that refers to the store paths named by parameter values,
# so that they enter the closure of the Lab as the scripts do.
{ pkgs }: values:
let
  toolPath = import ./toolPath.nix;
in
derivation {
  name = "parameter-store-paths";
  system = pkgs.bash.system;
  builder = "${toolPath pkgs.bash}/bash";
  args = [ "-euc" "${toolPath pkgs.coreutils}/cp \"$textPath\" \"$out\"" ];
  passAsFile = [ "text" ];
  text = builtins.concatStringsSep "\n" values;
}
