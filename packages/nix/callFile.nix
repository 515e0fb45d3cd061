# callFile : available -> (path | function | attrs) -> value.
# Calls a definition with those of the available arguments that it names; one that names none gets them all.
available: definition:
let
  value = if builtins.isPath definition || builtins.isString definition then import definition else definition;
  wanted = builtins.functionArgs value;
in
if !builtins.isFunction value then
  value
else if wanted == { } then
  value available
else
  value (builtins.intersectAttrs wanted available)
