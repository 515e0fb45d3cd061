# readPart : { at, parameters } -> { inputs, outputs, resources } -> the same, called with the parameters and checked.
# A part is what one script does: a simple stage, or the scatter, a step or the gather of a scatter-gather stage.
{ at, parameters }: given:
let
  callParameters = import ./callParameters.nix;
  checkNames = import ./checkNames.nix;
  checkOutputs = import ./checkOutputs.nix;
  readResources = import ./readResources.nix;
  read =
    name: check: default:
    check { at = "${at}.${name}"; } (callParameters { at = "${at}.${name}"; } (given.${name} or default) parameters);
in
{
  # Their names count, their values do not.
  inputs = builtins.mapAttrs (_: _: "") (read "inputs" checkNames { });
  outputs = read "outputs" checkOutputs { };
  resources = read "resources" readResources null;
}
