# mkImageName : { label, roots } -> "<32 characters>-<label>", for an image of what the roots need.
# Also a tag in a registry's spelling: lower case, one `-` for what else the label has.
{ label, roots }:
let
  encode = import ./encodeBase32.nix { length = 32; };
  upper = [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ];
  lower = [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];
  words = builtins.filter (part: builtins.isString part && part != "") (
    builtins.split "[^a-z0-9]+" (builtins.replaceStrings upper lower label)
  );
  hash = builtins.hashString "sha256" (
    builtins.unsafeDiscardStringContext (
      builtins.toJSON [ (builtins.hashFile "sha256" ./buildImages.sh) label roots ]
    )
  );
in
"${encode hash}-${builtins.concatStringsSep "-" words}"
