# listNames : [ string ] -> string for an error message, e.g. `alpha, beta` or `(none)`.
names: if names == [ ] then "(none)" else builtins.concatStringsSep ", " names
