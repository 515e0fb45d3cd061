# mkVariants : { stage, space } -> { of : combination -> variant, scripts, key }.
# A variant is the stage's description with its scripts.
# There is one for each set of values that changes the description, and one set of scripts for each that changes them.
# key: tells the stage from every other one, whatever combination of the run's parameters is asked for.
{ stage, space }:
let
  keyCombination = import ./keyCombination.nix;
  defaults = builtins.mapAttrs (_: entry: entry.value) stage.entries;
  own = combination: builtins.intersectAttrs stage.entries combination;
  choose = name: entry: if entry.value == null then defaults.${name} else entry.value;
  effective = combination: defaults // builtins.mapAttrs choose (own combination);
  combinations = if stage.isDynamic then space stage.entries else [ { } ];
  descriptions = map (combination: {
    name = keyCombination combination;
    value = stage.describe (effective combination);
  }) combinations;
  scripts = builtins.listToAttrs (
    map ({ value, ... }: {
      name = value.key;
      value = stage.mkScripts value;
    }) descriptions
  );
  mkVariant =
    _: description:
    description
    // {
      executables = map (
        part: removeAttrs part [ "readsFrom" "inputs" ] // scripts.${description.key}.${part.name}
      ) description.parts;
    };
  variants = builtins.mapAttrs mkVariant (builtins.listToAttrs descriptions);
  only = variants."";
  fingerprint = variant: [
    variant.key
    variant.resources
    (map (executable: [ executable.identity executable.resources or null ]) variant.executables)
  ];
in
{
  of = if stage.isDynamic then combination: variants.${keyCombination (own combination)} else _: only;
  scripts = builtins.concatMap (made: map (part: part.script) (builtins.attrValues made)) (builtins.attrValues scripts);
  key = builtins.hashString "sha256" (
    builtins.toJSON [
      stage.version
      (map (entry: builtins.unsafeDiscardStringContext entry.text) (builtins.attrValues stage.entries))
      (builtins.mapAttrs (_: fingerprint) variants)
    ]
  );
}
