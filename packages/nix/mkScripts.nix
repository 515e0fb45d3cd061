# mkScripts : { pkgs, version, parameters, bodies, place } -> description -> { <part> = { script, identity }; }.
# bodies: { <part> = { run, runDependencies }; }, what does not depend on the parameters' values.
# identity, for job ids: what the script says, where its outputs lie and which of the stage's own files it reads.
{ pkgs, version, parameters, bodies, place }: description:
let
  callFile = import ./callFile.nix;
  mkStageScript = import ./mkStageScript.nix;
  mkScript =
    part:
    let
      inherit (bodies.${part.name}) run runDependencies;
      script = mkStageScript {
        inherit pkgs version parameters place runDependencies;
        inherit (part) program inputs outputs;
        run =
          if part ? readsFrom then
            available:
            callFile {
              at = "stage ${part.program}.run";
              available = available // { inputs = available.inputs // part.readsFrom; };
            } run
          else
            run;
      };
    in
    {
      inherit (part) name;
      value = {
        inherit script;
        identity = builtins.hashString "sha256" (
          builtins.toJSON [
            script.identity
            (removeAttrs part.outputs [ "worker__arg" ])
            (part.sources or null)
          ]
        );
      };
    };
in
builtins.listToAttrs (map mkScript description.parts)
