# rangeValues : first -> last -> [ int ], both included; empty when the last is smaller.
first: last:
let
  fail = import ./fail.nix;
in
if builtins.isInt first && builtins.isInt last then
  builtins.genList (index: first + index) (if last < first then 0 else last - first + 1)
else
  fail {
    code = "LAB_TYPE_WRONG";
    at = "range";
    message = "expected two whole numbers, found ${builtins.typeOf first} and ${builtins.typeOf last}";
    hint = "write range 1 10; for steps map over it: map (n: n * 0.25) (range 0 4)";
  }
