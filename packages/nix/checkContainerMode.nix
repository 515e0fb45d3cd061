# checkContainerMode : { at } -> "none" | "unified" | "per-run" -> the same: no image, one for the Lab, one for each run.
{ at }: mode:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  modes = [ "none" "unified" "per-run" ];
in
if builtins.elem mode modes then
  mode
else
  fail {
    code = "LAB_CONTAINER_MODE_INVALID";
    inherit at;
    message = "unknown mode ${if builtins.isString mode then builtins.toJSON mode else "of type ${builtins.typeOf mode}"}";
    hint = "modes: ${listNames modes}";
  }
