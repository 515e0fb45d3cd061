# repeatSpace : { at, axes, loops } -> space -> space in which `loop`, the number of a repetition from 1, is a parameter.
# Filters do not see it: every repetition has the same combinations.
{ at, axes, loops }: space:
let
  fail = import ./fail.nix;
  mkEntries = import ./mkEntries.nix;
  repetitions = builtins.genList (n: mkEntries { inherit at; } { loop = n + 1; }) loops;
in
if loops == null then
  space
else if builtins.any (axis: builtins.elem "loop" axis.names) axes then
  fail {
    code = "LAB_OPTION_INVALID";
    at = "${at}.loops";
    message = "the run has an axis named loop as well";
    hint = "give either loops = ${toString loops} or parameters.loop";
  }
else
  names:
  if names ? loop then
    builtins.concatMap (combination: map (repetition: combination // repetition) repetitions) (
      space (removeAttrs names [ "loop" ])
    )
  else
    space names
