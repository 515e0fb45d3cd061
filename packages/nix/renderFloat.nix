# renderFloat : { at, name } -> float -> string, the same text on every version of Nix.
# Nix 2.8 writes 1.0 as `1` and keeps six digits of a float; newer ones write `1.0` and all digits.
{ at, name }: value:
let
  fail = import ./fail.nix;
  text = builtins.toJSON value;
  isWhole = value < 1.0e15 && value > -1.0e15 && builtins.floor value == value;
in
if isWhole then
  "${toString (builtins.floor value)}.0"
# Infinity less itself is no number; JSON has neither.
else if value - value == 0.0 && builtins.fromJSON text == value then
  text
else
  fail {
    code = "LAB_FLOAT_INEXACT";
    inherit at;
    message = "this Nix would round the number to ${text}";
    hint = "write it as a string, for instance ${name} = [ \"0.123456789\" ]; a stage receives the same text";
  }
