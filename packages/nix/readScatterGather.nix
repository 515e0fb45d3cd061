# readScatterGather : { place } -> attrs -> { given, stageType, varying, bodies, describe }; see readStage.
# The scatter lists work items, the steps handle each of them in a branch of its own, the gather joins the branches.
{ place }: definition:
let
  checkKeys = import ./checkKeys.nix;
  checkNames = import ./checkNames.nix;
  checkScatter = import ./checkScatter.nix;
  mapGather = import ./mapGather.nix;
  mapStep = import ./mapStep.nix;
  readBody = import ./readBody.nix;
  readPackages = import ./readPackages.nix;
  readPart = import ./readPart.nix;
  readSteps = import ./readSteps.nix;
  given = checkKeys {
    at = place;
    required = [ "pname" "scatter" "steps" "gather" ];
    optional = [
      "version"
      "parameters"
      "inputs"
      "runDependencies"
      "resources"
      "passthru"
    ];
    ignored = [ "override" "overrideDerivation" ];
  } definition;
  readKeys =
    name: extra:
    checkKeys {
      at = "${place}.${name}";
      required = [ "run" ];
      optional = [ "pname" "inputs" "outputs" "runDependencies" "resources" ] ++ extra;
    };
  scatter = readKeys "scatter" [ ] given.scatter;
  gather = readKeys "gather" [ ] given.gather;
  steps = builtins.mapAttrs (name: readKeys "steps.${name}" [ "deps" ]) (
    checkNames { at = "${place}.steps"; } given.steps
  );
  stepWires = readSteps { at = "${place}.steps"; } steps;
  stepNames = builtins.attrNames steps;
  # What the stage declares is for all of its parts.
  packages = readPackages { at = "${place}.runDependencies"; } (given.runDependencies or [ ]);
  mkBody =
    name:
    readBody {
      at = "${place}.${name}";
      inherit packages;
    };
in
{
  inherit given;
  stageType = "scatter-gather";
  varying = [ given scatter gather ] ++ builtins.attrValues steps;
  bodies = {
    scatter = mkBody "scatter" scatter;
    gather = mkBody "gather" gather;
  }
  // builtins.listToAttrs (map (name: { name = "step-${name}"; value = mkBody "steps.${name}" steps.${name}; }) stepNames);
  describe =
    { at, pname, parameters }:
    let
      read =
        name: part:
        readPart {
          at = "${at}.${name}";
          inherit parameters;
        } part
        // {
          inherit name;
          program = "${pname}-${name}";
        };
      whole = readPart { inherit at parameters; } given;
      parts = checkScatter { inherit at; wires = stepWires; } {
        scatter = read "scatter" scatter;
        gather = read "gather" gather;
        steps = builtins.mapAttrs (name: read "step-${name}") steps;
      };
      inputs = whole.inputs // parts.scatter.inputs;
    in
    {
      inherit inputs;
      inherit (whole) resources;
      inherit (parts.gather) outputs;
      parts = [
        parts.scatter
      ]
      ++ map (name: mapStep { inherit at inputs; inherit (parts) steps; wires = stepWires.${name}; } name) stepNames
      ++ [ (mapGather { inherit at inputs; inherit (parts) scatter steps; wires = stepWires; } parts.gather) ];
    };
}
