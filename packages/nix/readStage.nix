# readStage : { pkgs } -> (path | function | attrs) -> a checked stage with its script derivation.
{ pkgs }: file:
let
  callFile = import ./callFile.nix;
  checkKeys = import ./checkKeys.nix;
  checkName = import ./checkName.nix;
  checkNames = import ./checkNames.nix;
  readScalar = import ./readScalar.nix;
  readResources = import ./readResources.nix;
  mkStageScript = import ./mkStageScript.nix;
  place = if builtins.isPath file then "stage file ${baseNameOf file}" else "stage";
  given = checkKeys {
    at = place;
    required = [ "pname" "run" ];
    optional = [ "version" "parameters" "inputs" "outputs" "runDependencies" "resources" "passthru" ];
  } (callFile (pkgs // { inherit pkgs; }) file);
  pname = checkName { at = "${place}.pname"; } given.pname;
  at = "stage ${pname}";
  version = checkName { at = "${at}.version"; } (given.version or "1.1");
  parameters = builtins.mapAttrs (name: readScalar { at = "${at}.parameters.${name}"; }) (
    checkNames { at = "${at}.parameters"; } (given.parameters or { })
  );
  inputs = checkNames { at = "${at}.inputs"; } (given.inputs or { });
  outputs = checkNames { at = "${at}.outputs"; } (given.outputs or { });
in
{
  inherit pname version parameters inputs outputs;
  resources = readResources { at = "${at}.resources"; } (given.resources or null);
  script = mkStageScript {
    inherit pkgs pname version parameters inputs outputs;
    inherit (given) run;
    runDependencies = given.runDependencies or [ ];
  };
}
