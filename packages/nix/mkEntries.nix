# mkEntries : { at } -> { name = scalar; } -> { name = { value, text }; }. The text is the value's JSON with its name:
# rendered once for each row of an axis, it serves every job, and tells values apart that Nix 2.8's toJSON would not.
{ at }:
let
  renderParameter = import ./renderParameter.nix { inherit at; };
in
builtins.mapAttrs (
  name: value: {
    inherit value;
    text = renderParameter name value;
  }
)
