# checkFile : { at } -> (path | absolute string) -> the same. Refuses what does not exist.
{ at }: file:
let
  fail = import ./fail.nix;
  isFile = builtins.isPath file || builtins.substring 0 1 file == "/";
in
if isFile && builtins.pathExists file then
  file
else
  fail {
    code = "LAB_FILE_MISSING";
    inherit at;
    message = "${if isFile then "the file does not exist:" else "not a path:"} ${
      builtins.unsafeDiscardStringContext (if isFile then toString file else builtins.toJSON file)
    }";
    hint = "write ./file without quotes; in a flake, Nix sees only files that Git knows: git add them";
  }
