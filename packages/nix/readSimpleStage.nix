# readSimpleStage : { place } -> attrs -> { given, stageType, varying, bodies, describe }; see readStage.
{ place }: definition:
let
  checkKeys = import ./checkKeys.nix;
  readBody = import ./readBody.nix;
  readPart = import ./readPart.nix;
  given = checkKeys {
    at = place;
    required = [ "pname" "run" ];
    optional = [
      "version"
      "parameters"
      "inputs"
      "outputs"
      "runDependencies"
      "resources"
      "passthru"
    ];
    ignored = [ "override" "overrideDerivation" ];
  } definition;
in
{
  inherit given;
  stageType = "simple";
  varying = [ given ];
  bodies.main = readBody { at = place; } given;
  describe =
    { at, pname, parameters }:
    let
      part = readPart { inherit at parameters; } given;
    in
    part
    // {
      parts = [
        {
          name = "main";
          program = pname;
          inherit (part) inputs outputs;
        }
      ];
    };
}
