# checkSupplied : { at, inputs, targets, offer, suppliers } -> value -> value. Every declared input is met exactly once.
# targets: names of the inputs that are met; offer: hint for one that is not; suppliers: outputs to choose from.
{ at, inputs, targets, offer, suppliers }: value:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  declared = builtins.attrNames inputs;
  unmatched = builtins.filter (name: !builtins.elem name targets) declared;
  ambiguous = builtins.filter (name: builtins.length (builtins.filter (other: other == name) targets) > 1) declared;
in
if unmatched != [ ] then
  fail {
    code = "LAB_INPUT_UNMATCHED";
    inherit at;
    message = "nothing supplies the input ${listNames unmatched}";
    hint = offer;
  }
else if ambiguous != [ ] then
  fail {
    code = "LAB_INPUT_AMBIGUOUS";
    inherit at;
    message = "more than one dependency supplies the input ${listNames ambiguous}";
    hint = "name the outputs: [ producer \"output\" \"input\" ]; on offer: ${listNames suppliers}";
  }
else
  value
