# readStage : { pkgs } -> (path | function | attrs) -> stage, checked.
# describe : parameters -> what the outside sees of it for these values, { pname, inputs, outputs, resources, parts, key };
# parts: one for each script; key: equal for values that need no other script.
# mkScripts : description -> { <part> = { script, identity }; }; entries: the defaults of the parameters.
# isDynamic: pname, inputs, outputs or resources are functions of the parameters somewhere in it.
{ pkgs }: file:
let
  callFile = import ./callFile.nix;
  callParameters = import ./callParameters.nix;
  checkName = import ./checkName.nix;
  checkNames = import ./checkNames.nix;
  mkEntries = import ./mkEntries.nix;
  mkScripts = import ./mkScripts.nix;
  readScalar = import ./readScalar.nix;
  place = if builtins.isPath file then "stage file ${baseNameOf file}" else "stage";
  definition = callFile {
    at = place;
    available = pkgs // { inherit pkgs; };
  } file;
  hasParts = builtins.isAttrs definition && (definition ? scatter || definition ? steps || definition ? gather);
  read = if hasParts then import ./readScatterGather.nix else import ./readSimpleStage.nix;
  kind = read { inherit place; } definition;
  inherit (kind) given stageType;
  at = if builtins.isString given.pname then "stage ${checkName { at = "${place}.pname"; } given.pname}" else place;
  version = checkName { at = "${at}.version"; } (given.version or "1.1");
  parameters = builtins.mapAttrs (name: readScalar { at = "${at}.parameters.${name}"; }) (
    checkNames { at = "${at}.parameters"; } (given.parameters or { })
  );
  varies = part: builtins.any (name: builtins.isFunction (part.${name} or null)) [ "pname" "inputs" "outputs" "resources" ];
  describe =
    parameters:
    let
      pname = checkName { at = "${place}.pname"; } (
        callParameters { at = "${place}.pname"; } given.pname parameters
      );
      description = kind.describe {
        at = "stage ${pname}";
        inherit pname parameters;
      };
    in
    description
    // {
      inherit pname;
      key = builtins.hashString "sha256" (
        builtins.unsafeDiscardStringContext (
          builtins.toJSON [
            pname
            description.inputs
            description.outputs
            (map (part: removeAttrs part [ "resources" ]) description.parts)
          ]
        )
      );
    };
in
{
  inherit at version parameters stageType describe;
  label = if builtins.isString given.pname then given.pname else place;
  isDynamic = builtins.any varies kind.varying;
  entries = mkEntries { at = "${at}.parameters"; } parameters;
  mkScripts = mkScripts {
    inherit pkgs version parameters;
    inherit (kind) bodies;
    place = if builtins.isPath file then baseNameOf file else null;
  };
}
