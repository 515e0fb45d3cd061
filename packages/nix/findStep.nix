# findStep : { at } -> { name = step; } -> step -> name. A step is known by what it is: Nix has no identity of values.
# `==` on steps in a cycle would not end, so their own parts are compared, and deps only as deep as there are steps.
{ at }: steps: wanted:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  names = builtins.attrNames steps;
  own = step: removeAttrs step [ "deps" ];
  depsOf = step: map (dep: if builtins.isList dep then dep else [ dep ]) step.deps or [ ];
  isSame =
    depth: a: b:
    own a == own b && (depth == 0 || areSame depth (depsOf a) (depsOf b));
  areSame =
    depth: a: b:
    builtins.length a == builtins.length b
    && builtins.all (
      n:
      let
        left = builtins.elemAt a n;
        right = builtins.elemAt b n;
      in
      builtins.tail left == builtins.tail right && isSame (depth - 1) (builtins.head left) (builtins.head right)
    ) (builtins.genList (n: n) (builtins.length a));
  likely = builtins.filter (name: isSame 0 wanted steps.${name}) names;
  found =
    if builtins.length likely < 2 then
      likely
    else
      builtins.filter (name: isSame (builtins.length names) wanted steps.${name}) likely;
in
if builtins.length found == 1 then
  builtins.head found
else if found == [ ] then
  fail {
    code = "LAB_STEP_UNKNOWN";
    inherit at;
    message = "it needs a step that is not one of the stage";
    hint = "write steps = rec { ... } and name one of: ${listNames names}";
  }
else
  fail {
    code = "LAB_STEP_AMBIGUOUS";
    inherit at;
    message = "it needs a step that several are alike to: ${listNames found}";
    hint = "steps are told apart by what they are: let them differ, for instance in the name of an output";
  }
