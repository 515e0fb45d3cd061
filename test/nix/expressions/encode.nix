# The golden vectors of RepX 0.5: Nix's base32 and the hash that job ids begin with.
{ internal, ... }:
let
  encode = internal "encodeBase32";
  hashJob = internal "hashJob";
  sha256 = builtins.hashString "sha256";
in
{
  "the base32 of nothing's hash is Nix's own" = {
    expr = encode { length = 52; } (sha256 "");
    expected = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
  };
  "a shorter base32 is the beginning of the longer" = {
    expr = encode { length = 32; } (sha256 "");
    expected = "0mdqa9w1p6cmli6976v4wi0sw9r4p5pr";
  };
  "a digest of ones alone fills every bit, the topmost character has one" = {
    expr = encode { length = 52; } (builtins.concatStringsSep "" (builtins.genList (_: "f") 64));
    expected = "1zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
  };
  "two parts have RepX's hash" = {
    expr = hashJob [ "hello" "world" ];
    expected = "1qhx4gk111hxpsrnhqph6y5pr87mvavh";
  };
  "one part has RepX's hash" = {
    expr = hashJob [ "hello" ];
    expected = "094qif9n4cq4fdg459qzbhg1c6wywaww";
  };
  "parts are joined by the three characters x00" = {
    expr = hashJob [ "hello" "world" ] == hashJob [ "hellox00world" ];
    expected = true;
  };
  "a digest that is no hexadecimal text has no base32" = {
    expr = encode { length = 32; } "no digest";
    error = [ "missing" ];
  };
}
