# readSteps : { at } -> { name = step; } -> { name = [ { step, output, input } ]; }: the steps that each step needs, by name.
# Refuses steps that are not of this stage, and cycles.
{ at }: steps:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  findStep = import ./findStep.nix;
  readReference = import ./readReference.nix;
  names = builtins.attrNames steps;
  readWire =
    name: dependency:
    let
      place = "${at}.${name}.deps";
      reference = readReference {
        at = place;
        isProducer = builtins.isAttrs;
        hint = "write step, [ step \"output\" ] or [ step \"output\" \"input\" ], where step is one of: ${listNames names}";
      } dependency;
    in
    {
      step = findStep { at = place; } steps reference.producer;
      inherit (reference) output input;
    };
  readDeps =
    name: step:
    if builtins.isList step.deps or [ ] then
      map (readWire name) step.deps or [ ]
    else
      fail {
        code = "LAB_TYPE_WRONG";
        at = "${at}.${name}.deps";
        message = "expected a list, found ${builtins.typeOf step.deps}";
        hint = "write deps = [ ] or deps = [ step ]";
      };
  wires = builtins.mapAttrs readDeps steps;
  needs = name: map (wire: wire.step) wires.${name};
  waiting =
    left:
    let
      next = builtins.filter (name: builtins.any (needed: builtins.elem needed left) (needs name)) left;
    in
    if next == left then left else waiting next;
  endless = waiting names;
in
if endless == [ ] then
  wires
else
  fail {
    code = "LAB_CYCLE";
    inherit at;
    message = "steps depend on each other in a cycle: ${
      listNames (
        builtins.concatMap (
          name: map (needed: "${name} needs ${needed}") (builtins.filter (needed: builtins.elem needed endless) (needs name))
        ) endless
      )
    }";
    hint = "remove one of these dependencies; a first step has deps = [ ]";
  }
