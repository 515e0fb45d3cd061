# A sweep of rows x columns combinations in two stages, rows + rows * columns jobs: as a Lab, and as what Nix has for it without one.
{ library, packages }:
let
  repx = import "${library}/packages/nix";
  pkgs = (builtins.getFlake packages).legacyPackages.x86_64-linux;
  count = length: builtins.genList (n: n) length;
  build =
    name: attributes: script:
    derivation (
      attributes
      // {
        inherit name;
        inherit (pkgs.bash) system;
        builder = "${pkgs.bash}/bin/bash";
        PATH = "${pkgs.busybox}/bin";
        args = [ "-euc" script ];
      }
    );
in
{
  # What both sides use, so that neither pays for it.
  tools = build "tools" { } "echo ${pkgs.bash} ${pkgs.busybox} >$out; :";

  # `last` is the last value of the second parameter.
  lab =
    { rows, columns, last ? columns }:
    repx.runs2Lab [
      (repx.mkRun {
        inherit pkgs;
        name = "sweep";
        parameters = {
          x = count rows;
          y = count (columns - 1) ++ [ last ];
        };
        pipelines = [
          (
            { repx, ... }:
            repx.mkPipe rec {
              simulate = repx.callStage {
                pname = "simulate";
                parameters.x = 0;
                outputs.data = "$out/data";
                run = { parameters, outputs, ... }: "echo ${parameters.x} >\"${outputs.data}\"";
              } [ ];
              evaluate = repx.callStage {
                pname = "evaluate";
                parameters.y = 0;
                inputs.data = "";
                outputs.sum = "$out/sum";
                run =
                  { inputs, parameters, outputs, ... }:
                  "echo $(($(cat \"${inputs.data}\") + ${parameters.y})) >\"${outputs.sum}\"";
              } [ simulate ];
            }
          )
        ];
      })
    ];

  # One derivation a job; building them is running them. `all` refers to each.
  derivations =
    { rows, columns }:
    let
      simulate = x: build "simulate" { inherit x; } "echo $x >$out; :";
      evaluate = data: y: build "evaluate" { inherit data y; } "read x <$data; echo $((x + y)) >$out; :";
      jobs = builtins.concatMap (
        x:
        let
          data = simulate x;
        in
        map (evaluate data) (count columns)
      ) (count rows);
    in
    build "all" {
      passAsFile = [ "jobs" ];
      inherit jobs;
    } "cp $jobsPath $out; :";

  # The finished Lab once more: what Nix and the file system take for its files, without any making of them.
  copy = lab: build "copy" { } "cp -r ${builtins.storePath lab} $out; :";
}
