# mkStageScript : stage -> derivation with bin/<pname>: the header, then what the stage's `run` returns.
# Called as `<script> <output folder> <inputs.json> <parameters.json>`. `bash -n` must accept it.
{ pkgs, pname, version, parameters, inputs, outputs, run, runDependencies }:
let
  callFile = import ./callFile.nix;
  toolPath = import ./toolPath.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  tools = with pkgs; [ bash coreutils findutils gnused gawk gnugrep ];
  binFolders = uniqueStrings (map toolPath (runDependencies ++ tools));
  subscript = array: builtins.mapAttrs (name: _: "\${${array}[\"${name}\"]}");
  body = callFile {
    inherit pkgs outputs;
    inputs = subscript "inputs" inputs;
    parameters = subscript "parameters" parameters;
  } run;
in
derivation {
  name = "${pname}-script-${version}";
  system = pkgs.bash.system;
  builder = "${toolPath pkgs.bash}/bash";
  args = [ ./buildStageScript.sh ];
  inherit pname;
  bashPath = "${toolPath pkgs.bash}/bash";
  toolFolder = toolPath pkgs.coreutils;
  passAsFile = [ "text" ];
  text = ''
    #!${toolPath pkgs.bash}/bash
    export PATH="${builtins.concatStringsSep ":" binFolders}''${PATH:+:$PATH}"
    ${builtins.readFile ./stageHeader.sh}
    ${body}
  '';
}
