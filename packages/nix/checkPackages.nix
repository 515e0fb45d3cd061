# checkPackages : { at } -> package set -> the same. Refuses what has not the programs of every stage and Lab.
{ at }: pkgs:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  needed = [ "bash" "coreutils" "findutils" "gawk" "gnugrep" "gnused" "pkgsStatic" ];
  missing = builtins.filter (name: !pkgs ? ${name}) needed;
in
if !builtins.isAttrs pkgs || missing != [ ] then
  fail {
    code = "LAB_PACKAGES_INVALID";
    at = "${at}.pkgs";
    message =
      if builtins.isAttrs pkgs then
        "the package set has no ${listNames missing}"
      else
        "a value of type ${builtins.typeOf pkgs} is not a package set";
    hint = "write pkgs = nixpkgs.legacyPackages.x86_64-linux; a Lab needs of it: ${listNames needed}";
  }
else
  pkgs
