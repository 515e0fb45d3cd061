# sanitizePath : { at } -> path -> string, the path's own copy in the store: named after the file, addressed by what it holds.
# A store name takes letters, digits and + - . _ ? =, at most 211 of them and no leading dot; other files are renamed.
{ at }: path:
let
  fail = import ./fail.nix;
  checkFile = import ./checkFile.nix;
  longest = 200;
  parts = builtins.split "[^A-Za-z0-9+._?=-]+" (baseNameOf path);
  plain = builtins.concatStringsSep "-" (builtins.filter builtins.isString parts);
  length = builtins.stringLength plain;
  # Its end: it has the file's extension.
  short = if length > longest then builtins.substring (length - longest) longest plain else plain;
in
if !builtins.isPath path then
  fail {
    code = "LAB_TYPE_WRONG";
    inherit at;
    message = "expected a path, found ${builtins.typeOf path}";
    hint = "write ./file.txt, without quotes; what is in the store already needs no copy";
  }
else
  builtins.path {
    path = checkFile { inherit at; } path;
    name = if builtins.match "[.].*" short == null then short else "_${short}";
  }
