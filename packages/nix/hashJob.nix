# hashJob : [ string ] -> 32 characters. The identity of a job is that of all its parts, in RepX 0.5's spelling:
# joined by the three characters `x00`, sha256, Nix base32, cut to 32.
let
  encode = import ./encodeBase32.nix { length = 32; };
in
parts: encode (builtins.hashString "sha256" (builtins.concatStringsSep "x00" parts))
