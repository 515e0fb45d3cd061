# callParameters : { at } -> (value | { parameters }: value) -> { name = scalar; } -> value.
# What may depend on the parameters is a plain value or a function of them, called for each combination.
{ at }: value: parameters:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  wanted = builtins.functionArgs value;
in
if !builtins.isFunction value then
  value
else if builtins.attrNames wanted == [ "parameters" ] then
  value { inherit parameters; }
else
  fail {
    code = "LAB_FUNCTION_INVALID";
    inherit at;
    message =
      if wanted == { } then
        "the function does not name its arguments"
      else
        "the function asks for ${listNames (builtins.attrNames wanted)}";
    hint = "it receives parameters alone: write { parameters }: ...";
  }
