# readPackages : { at } -> [ package ] -> the same. A package is what Nix makes a store path of: a derivation, a path, a text that names one.
{ at }: packages:
let
  fail = import ./fail.nix;
  checkFile = import ./checkFile.nix;
  isPackage = value: value ? outPath || builtins.isPath value || builtins.isString value && builtins.hasContext value;
  strangers = builtins.filter (value: !isPackage value) packages;
in
if builtins.isList packages && strangers == [ ] then
  map (value: if builtins.isPath value then checkFile { inherit at; } value else value) packages
else
  fail {
    code = "LAB_TYPE_WRONG";
    inherit at;
    message =
      if builtins.isList packages then
        "a value of type ${builtins.typeOf (builtins.head strangers)} is not a package"
      else
        "expected a list of packages, found ${builtins.typeOf packages}";
    hint = "for instance [ pkgs.jq ]";
  }
