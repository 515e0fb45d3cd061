# renderParameter : { at } -> name -> scalar -> `"name":value`, compact JSON, the same text on every version of Nix.
let
  renderFloat = import ./renderFloat.nix;
in
{ at }: name: value:
let
  text =
    if builtins.isFloat value then
      renderFloat {
        at = "${at}.${name}";
        inherit name;
      } value
    else
      builtins.toJSON value;
in
"${builtins.toJSON name}:${text}"
