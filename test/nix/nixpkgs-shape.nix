# nixpkgs-shape : { pkgs } -> a set in which packages look as in nixpkgs: several outputs, programs in `bin` or in `out`,
# attributes on every output, names as there. It has no `lib` and no `stdenv`, which the library must not ask for.
{ pkgs }:
let
  # nixpkgs' lib.extendDerivation: every output carries all attributes, and says that it was asked for by name.
  extendDerivation =
    package:
    let
      outputs = map (name: {
        inherit name;
        value = common // { inherit (package.${name}) outPath drvPath type outputName; outputSpecified = true; };
      }) package.outputs;
      common = package // builtins.listToAttrs outputs // { passthru = { }; };
    in
    common // { inherit (package) outPath drvPath; outputSpecified = false; };
  # The other outputs are empty, and none of them may end up in a Lab.
  build =
    name: outputs: script:
    extendDerivation (derivation {
      inherit name outputs;
      inherit (pkgs.bash) system;
      builder = "${pkgs.bash}/bin/bash";
      PATH = "${pkgs.busybox}/bin";
      args = [
        "-euc"
        ''
          for output in $outputs; do mkdir -p "''${!output}"; done
          programs=''${bin-$out}/bin
          mkdir -p "$programs"
          ${script}
        ''
      ];
    });
  applets =
    name: outputs:
    build "${name}-1.0" outputs ''
      cp ${pkgs.busybox}/bin/busybox "$programs/busybox"
      for applet in $(busybox --list); do
        case $applet in busybox | sh | ash | bash) ;; *) ln -s busybox "$programs/$applet" ;; esac
      done
    '';
  bash = build "bash-5.2" [ "out" "dev" "man" "doc" "info" ] ''
    cp ${pkgs.bash}/bin/bash "$programs/bash"
    ln -s bash "$programs/sh"
  '';
in
{
  inherit bash;
  coreutils = applets "coreutils" [ "out" "info" ];
  findutils = applets "findutils" [ "out" "info" "locate" ];
  gawk = applets "gawk" [ "out" "man" "info" ];
  gnugrep = applets "gnugrep" [ "out" "info" ];
  gnused = applets "gnused" [ "out" "info" ];
  gnutar = applets "gnutar" [ "out" "info" ];
  # The default output is not `out`, and holds the programs.
  xz = applets "xz" [ "bin" "dev" "out" "man" "doc" ];
  # The default output is a library, as that of many: its programs lie in another.
  zlib = build "zlib-1.3" [ "out" "dev" "bin" ] "";
  pkgsStatic = {
    inherit bash;
    busybox = applets "busybox-static" [ "out" ];
  };
}
