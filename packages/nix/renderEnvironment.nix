# renderEnvironment : { NAME = scalar; } -> string `export A=1 B='two words'`, a parameter's value that sets variables.
# A stage runs it by `eval "${parameters.environment}"`. null leaves a variable out; no variables are an empty string.
variables:
let
  fail = import ./fail.nix;
  readScalar = import ./readScalar.nix;
  renderFloat = import ./renderFloat.nix;
  checked =
    if builtins.isAttrs variables then
      variables
    else
      fail {
        code = "LAB_TYPE_WRONG";
        at = "env";
        message = "expected an attribute set, found ${builtins.typeOf variables}";
        hint = "write env { THREADS = 4; }";
      };
  names = builtins.filter (name: checked.${name} != null) (builtins.attrNames checked);
  isPlain = text: builtins.match "[A-Za-z0-9_./:,=+-]*" text != null;
  quote =
    text: if isPlain text then text else "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'";
  renderText =
    name: value:
    if builtins.isString value then
      value
    else if builtins.isFloat value then
      renderFloat {
        at = "env.${name}";
        inherit name;
      } value
    else
      builtins.toJSON value;
  renderVariable =
    name:
    if builtins.match "[A-Za-z_][A-Za-z0-9_]*" name == null then
      fail {
        code = "LAB_NAME_INVALID";
        at = "env";
        message = "${builtins.toJSON name} cannot be the name of a variable";
        hint = "use letters, digits and _ and begin with a letter or _";
      }
    else
      "${name}=${quote (renderText name (readScalar { at = "env.${name}"; } checked.${name}))}";
in
if names == [ ] then "" else "export ${builtins.concatStringsSep " " (map renderVariable names)}"
