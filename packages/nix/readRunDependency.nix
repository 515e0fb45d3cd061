# readRunDependency : { at } -> (run | [ run "hard" | "soft" ]) -> { run, type }.
# hard: the dependant's jobs wait for every job of the run to succeed; soft: for every job to end.
{ at }: dependency:
let
  fail = import ./fail.nix;
  isRun = value: builtins.isAttrs value && value._repxType or null == "run";
  isPair = builtins.isList dependency && builtins.length dependency == 2;
  run = if isPair then builtins.head dependency else dependency;
  type = if isPair then builtins.elemAt dependency 1 else "hard";
in
if isRun run && builtins.elem type [ "hard" "soft" ] then
  { inherit run type; }
else
  fail {
    code = "LAB_DEPENDENCY_INVALID";
    at = "${at}.dependencies";
    message =
      if isRun run then
        "unknown kind of dependency ${
          if builtins.isString type then builtins.toJSON type else "of type ${builtins.typeOf type}"
        }"
      else
        "a value of type ${builtins.typeOf dependency} is not a run";
    hint = "write dependencies = [ run ] or [ [ run \"soft\" ] ], where run comes from mkRun; kinds: hard, soft";
  }
