# What the test runner asks of a file of cases: { "<fact>" = { expr; expected; } or { expr; error = [ substring ]; }; }.
# plan: the cases without what they compute; values: what all cases with `expected` compute; value: what one case does.
{ file, library, packages, title ? null }:
let
  cases = import file (import ./prelude.nix { inherit library packages; });
  titles = builtins.attrNames cases;
  readCase =
    title:
    let
      case = cases.${title};
      keys = builtins.attrNames case;
    in
    if keys == [ "expected" "expr" ] then
      { inherit title; }
    else if keys == [ "error" "expr" ] && case.error != [ ] then
      { inherit title; inherit (case) error; }
    else
      throw "${title}: a case is { expr; expected; } or { expr; error = [ a substring or more ]; }";
in
{
  plan = map readCase titles;
  values = removeAttrs cases (builtins.filter (title: cases.${title} ? error) titles);
  value = cases.${title};
}
