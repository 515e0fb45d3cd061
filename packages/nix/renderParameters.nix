# renderParameters : { name = scalar; } -> compact JSON with sorted keys, the same text on every version of Nix.
let
  renderParameter = import ./renderParameter.nix;
in
parameters: "{${builtins.concatStringsSep "," (builtins.attrValues (builtins.mapAttrs renderParameter parameters))}}"
