# readFolder : { at } -> (path | string | derivation) -> { src, name, entries = { name = type; }; }.
# src is a path when the folder is the user's, a string when it is in the store by way of a derivation.
{ at }: given:
let
  fail = import ./fail.nix;
  isMade = builtins.isAttrs given && given ? outPath;
  text = if isMade then given.outPath else given;
  isStored = isMade || builtins.isString given && builtins.hasContext given;
  isAbsolute = builtins.isString given && builtins.substring 0 1 given == "/";
  src = if isStored || builtins.isPath given then text else /. + text;
  name = builtins.unsafeDiscardStringContext (toString src);
in
if !isStored && !builtins.isPath given && !isAbsolute then
  fail {
    code = "LAB_SCAN_INVALID";
    at = "${at}.src";
    message = "expected a folder, found ${if builtins.isString given then builtins.toJSON given else builtins.typeOf given}";
    hint = "write src = ./data; without quotes, or give a derivation";
  }
else if !builtins.pathExists src then
  fail {
    code = "LAB_SCAN_INVALID";
    at = "${at}.src";
    message = "the folder does not exist: ${name}";
    hint = "in a flake, Nix sees only files that Git knows: git add them";
  }
else
  {
    inherit src name;
    entries = builtins.readDir src;
  }
