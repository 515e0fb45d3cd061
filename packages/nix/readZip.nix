# readZip : { at, anchor } -> zip -> axis { names, rows }: row n holds the n-th value of every member.
{ at, anchor }: zip:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  checkNames = import ./checkNames.nix;
  readAxis = import ./readAxis.nix;
  members = builtins.mapAttrs (
    name:
    readAxis {
      at = "${at}.${name}";
      inherit name;
    }
  ) (checkNames { inherit at; } zip.members);
  names = builtins.attrNames members;
  length = builtins.length members.${builtins.head names};
  invalid =
    message: hint:
    fail {
      code = "LAB_ZIP_INVALID";
      inherit at message hint;
    };
in
if names == [ ] then
  invalid "the zip has no members" "write ${anchor} = zip { width = [ 1 2 ]; height = [ 3 4 ]; };"
else if builtins.elem anchor names then
  invalid "the zip stands under the name of its member ${anchor}"
    "the name before zip is that of the group alone; choose one that is not among: ${listNames names}"
else if builtins.any (name: builtins.length members.${name} != length) names then
  invalid "the lists of a zip are of one length, found ${
    listNames (map (name: "${name} with ${toString (builtins.length members.${name})}") names)
  }" "give every member as many values as the others"
else
  {
    inherit names;
    rows = builtins.genList (
      index: builtins.mapAttrs (_: values: builtins.elemAt values index) members
    ) length;
  }
