# readDependency : { at } -> (node | [ node "out" ] | [ node "out" "in" ]) -> { node, output, input }; null = by name.
{ at }: dependency:
let
  fail = import ./fail.nix;
  isNode = value: builtins.isAttrs value && value._repxType or null == "stage";
  parts = if builtins.isList dependency then dependency else [ dependency ];
  length = builtins.length parts;
  part = n: if n < length then builtins.elemAt parts n else null;
  isName = value: value == null || builtins.isString value;
  isRightLength = if builtins.isList dependency then length == 2 || length == 3 else true;
in
if isRightLength && isNode (part 0) && isName (part 1) && isName (part 2) then
  {
    node = part 0;
    output = part 1;
    input = if part 2 == null then part 1 else part 2;
  }
else
  fail {
    code = "LAB_DEPENDENCY_INVALID";
    inherit at;
    message = "not a dependency: ${
      if builtins.isList dependency then "a list of ${toString length}" else "a value of type ${builtins.typeOf dependency}"
    }";
    hint = "write producer, [ producer \"output\" ] or [ producer \"output\" \"input\" ], where producer comes from callStage";
  }
