# Where the library looks for the programs of a package of nixpkgs, which has up to nine outputs.
{ internal, pkgs, ... }:
let
  toolPath = internal "toolPath";
  nixpkgs = import ../nixpkgs-shape.nix { inherit pkgs; };
  inherit (nixpkgs) bash coreutils xz zlib;
in
{
  "programs are in bin, where a package has this output" = {
    expr = [ (toolPath xz) (toolPath zlib) ];
    expected = [ "${xz.bin}/bin" "${zlib.bin}/bin" ];
  };
  "programs are in out, where a package has no bin" = {
    expr = [ (toolPath bash) (toolPath coreutils) ];
    expected = [ "${bash.out}/bin" "${coreutils.out}/bin" ];
  };
  "an output asked for by name is taken, though the package has a bin" = {
    expr = [ (toolPath zlib.dev) (toolPath xz.out) ];
    expected = [ "${zlib.dev}/bin" "${xz.out}/bin" ];
  };
  "a derivation made without nixpkgs has its programs in its only output" = {
    expr = toolPath pkgs.bash;
    expected = "${pkgs.bash.outPath}/bin";
  };
  "a package that is only a store path has a bin folder too" = {
    expr = toolPath "${coreutils}";
    expected = "${coreutils.outPath}/bin";
  };
  "the path of a package keeps the reference to it" = {
    expr = builtins.attrNames (builtins.getContext (toolPath xz));
    expected = [ (builtins.unsafeDiscardStringContext xz.drvPath) ];
  };
}
