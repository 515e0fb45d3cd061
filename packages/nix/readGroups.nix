# readGroups : { at, runs } -> { name = [ run ]; } -> { name = [ run name ]; }.
{ at, runs }: groups:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  checkNames = import ./checkNames.nix;
  names = map (run: run.name) runs;
  isMember = value: builtins.isAttrs value && value._repxType or null == "run" && builtins.elem value.name names;
  readGroup =
    group: members:
    if builtins.elem group names then
      fail {
        code = "LAB_GROUP_INVALID";
        at = "${at}.groups.${group}";
        message = "a run has this name already";
        hint = "choose a name other than: ${listNames names}";
      }
    else if !builtins.isList members || !builtins.all isMember members then
      fail {
        code = "LAB_GROUP_INVALID";
        at = "${at}.groups.${group}";
        message = "a group is a list of runs of this Lab";
        hint = "runs of this Lab: ${listNames names}";
      }
    else
      map (run: run.name) members;
in
builtins.mapAttrs readGroup (checkNames { at = "${at}.groups"; } groups)
