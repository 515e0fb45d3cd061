# mapStep : { at, inputs, steps, wires } -> name -> part of the step, with the source of each of its inputs and its deps.
# inputs: those of the stage; wires: what the step needs of others. A source is { mapping } or { external = <stage input>; }.
{ at, inputs, steps, wires }: name:
let
  checkSupplied = import ./checkSupplied.nix;
  listNames = import ./listNames.nix;
  matchOutputs = import ./matchOutputs.nix;
  mkMapping = import ./mkMapping.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  step = steps.${name};
  mapWire =
    wire:
    map (
      { source, target }:
      {
        inherit target;
        mapping = mkMapping {
          source = "step:${wire.step}";
          source_output = source;
          target_input = target;
        };
      }
    ) (
      matchOutputs {
        at = "${at}.${step.name}";
        consumer = step;
        producer = steps.${wire.step};
      } { inherit (wire) output input; }
    );
  item =
    if step.inputs ? worker__item then
      [
        {
          target = "worker__item";
          mapping = mkMapping {
            source = "scatter:work_item";
            target_input = "worker__item";
          };
        }
      ]
    else
      [ ];
  own = builtins.concatMap mapWire wires ++ item;
  isOwn = target: builtins.any (source: source.target == target) own;
  external = map (target: {
    inherit target;
    external = target;
  }) (builtins.filter (target: inputs ? ${target} && !isOwn target) (builtins.attrNames step.inputs));
  sources = own ++ external;
  needed = uniqueStrings (map (wire: wire.step) wires);
  offered = builtins.concatMap (
    needed: map (output: "${needed}.${output}") (builtins.attrNames steps.${needed}.outputs)
  ) needed;
in
checkSupplied {
  at = "${at}.${step.name}";
  inherit (step) inputs;
  targets = map (source: source.target) sources;
  offer =
    "a step receives worker__item, outputs of its deps: ${listNames offered}, "
    + "and inputs of the stage: ${listNames (builtins.attrNames inputs)}";
  suppliers = offered ++ [ "worker__item" ];
} (step // { inherit sources; } // (if needed == [ ] then { } else { deps = needed; }))
