# encodeBase32 : { length } -> hex sha256 -> the first `length` characters of its Nix base32 form.
# Character k of 52 holds bits (51-k)*5 .. +4 of the digest, least significant bit first in each byte.
{ length }:
let
  digits = builtins.genList (n: builtins.substring n 1 "0123456789abcdef") 16;
  byteOfHex = builtins.listToAttrs (
    builtins.concatLists (
      builtins.genList (
        high:
        builtins.genList (low: {
          name = builtins.elemAt digits high + builtins.elemAt digits low;
          value = high * 16 + low;
        }) 16
      ) 16
    )
  );
  alphabet = builtins.genList (n: builtins.substring n 1 "0123456789abcdfghijklmnpqrsvwxyz") 32;
  powers = [ 1 2 4 8 16 32 64 128 256 ];
  places = builtins.genList (
    k:
    let
      bit = (51 - k) * 5;
      byte = bit / 8;
      shift = bit - byte * 8;
    in
    {
      inherit byte;
      right = builtins.elemAt powers shift;
      left = builtins.elemAt powers (8 - shift);
    }
  ) length;
in
hex:
let
  # A 33rd byte of zero: the topmost character reaches beyond the digest.
  bytes = builtins.genList (n: byteOfHex.${builtins.substring (2 * n) 2 hex}) 32 ++ [ 0 ];
  renderPlace =
    place:
    builtins.elemAt alphabet (
      builtins.bitAnd 31 (
        builtins.elemAt bytes place.byte / place.right + builtins.elemAt bytes (place.byte + 1) * place.left
      )
    );
in
builtins.concatStringsSep "" (map renderPlace places)
