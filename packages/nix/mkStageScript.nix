# mkStageScript : stage -> derivation with bin/<program>, and `identity`, a hash of the script's text for job ids.
# The script is the header, then what the stage's `run` returns. Called as
# `<script> <output folder> <inputs.json> <parameters.json>`. `place` is the stage's file, or null, for messages.
# The checks of the builder change the derivation but not the identity.
{ pkgs, program, version, parameters, inputs, outputs, run, runDependencies, place ? null }:
let
  fail = import ./fail.nix;
  callFile = import ./callFile.nix;
  toolPath = import ./toolPath.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  tools = with pkgs; [ bash coreutils findutils gnused gawk gnugrep ];
  stagePath = builtins.concatStringsSep ":" (uniqueStrings (map toolPath (runDependencies ++ tools)));
  subscript = array: builtins.mapAttrs (name: _: "\${${array}[\"${name}\"]}");
  header = ''
    #!${toolPath pkgs.bash}/bash
    export PATH="${stagePath}''${PATH:+:$PATH}"
    ${builtins.readFile ./stageHeader.sh}
  '';
  at = "stage ${program}.run";
  returned = callFile {
    inherit at;
    available = {
      inherit pkgs outputs;
      inputs = subscript "inputs" inputs;
      parameters = subscript "parameters" parameters;
    };
  } run;
  body =
    if builtins.isString returned then
      returned
    else
      fail {
        code = "LAB_TYPE_WRONG";
        inherit at;
        message = "it returns the text of a script, found ${builtins.typeOf returned}";
        hint = "write run = { outputs, ... }: ''echo 1 > \"\${outputs.data}\"''; of a file: builtins.readFile ./script.sh";
      };
  name = "${program}-script-${version}";
  # Nix adds `.drv`, and takes 211 characters in all.
  longest = 207;
in
derivation {
  name =
    if builtins.stringLength name <= longest then
      name
    else
      fail {
        code = "LAB_NAME_INVALID";
        inherit at;
        message = "the script's name has ${toString (builtins.stringLength name)} characters: ${name}";
        hint = "it has at most ${toString longest}: shorten pname, version or the name of the step";
      };
  system = pkgs.bash.system;
  builder = "${toolPath pkgs.bash}/bash";
  args = [ ./buildStageScript.sh ];
  PATH = "${toolPath pkgs.coreutils}:${toolPath pkgs.gawk}";
  inherit program stagePath header body;
  # Header and body can be longer than a variable of a process may be.
  passAsFile = [ "header" "body" ];
  place = if place == null then program else "${program} (${place})";
  bashPath = "${toolPath pkgs.bash}/bash";
  shellcheckPath = if pkgs ? shellcheck then "${toolPath pkgs.shellcheck}/shellcheck" else "";
  parserPaths = [ ./findCommands.awk ./readCompound.awk ./readWord.awk ];
}
// {
  identity = builtins.hashString "sha256" (builtins.unsafeDiscardStringContext (header + body));
}
