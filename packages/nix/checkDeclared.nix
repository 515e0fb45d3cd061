# checkDeclared : { at, nodes } -> [ axis ] -> [ axis ]. Refuses axes with a parameter that no stage declares.
{ at, nodes }: axes:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  declared = builtins.foldl' (names: node: names // node.stage.entries) { } nodes;
  undeclared = builtins.filter (name: !declared ? ${name}) (builtins.concatMap (axis: axis.names) axes);
in
if undeclared == [ ] then
  axes
else
  fail {
    code = "LAB_PARAMETER_UNDECLARED";
    at = "${at}.parameters";
    message = "no stage declares the parameter ${listNames undeclared}";
    hint = "the stages of this run declare: ${listNames (builtins.attrNames declared)}";
  }
