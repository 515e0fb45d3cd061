# callFile : { at, available } -> (path | function | value) -> value.
# Calls a definition with those of the available arguments that it names; one that names none gets them all.
{ at, available }: definition:
let
  fail = import ./fail.nix;
  checkFile = import ./checkFile.nix;
  listNames = import ./listNames.nix;
  isFile = builtins.isPath definition || builtins.isString definition;
  value = if isFile then import (checkFile { inherit at; } definition) else definition;
  wanted = builtins.functionArgs value;
  missing = builtins.filter (name: !wanted.${name} && !available ? ${name}) (builtins.attrNames wanted);
  own = builtins.filter (name: available ? ${name}) [ "pkgs" "repx" "repx-lib" "inputs" "outputs" "parameters" ];
in
if !builtins.isFunction value then
  value
else if missing != [ ] then
  fail {
    code = "LAB_ARGUMENT_UNKNOWN";
    inherit at;
    message = "${if isFile then "file ${baseNameOf definition}" else "the function"} asks for ${listNames missing}, which it cannot be given";
    hint = "it can ask for ${listNames own}${if available ? inputs then "" else " and what the package set has by name"}";
  }
else if wanted == { } then
  value available
else
  value (builtins.intersectAttrs wanted available)
