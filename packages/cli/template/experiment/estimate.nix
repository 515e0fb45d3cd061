# Turns the counts into an estimate of pi. The numbers in metrics.json are shown on the pull request.
{ pkgs, ... }:
{
  pname = "estimate";
  version = "1.0";

  inputs.counts = "";

  outputs.metrics = "$out/metrics.json";

  resources = {
    cpus = 1;
    mem = "100M";
    time = "00:05:00";
  };

  runDependencies = [ pkgs.gawk ];

  run =
    { inputs, outputs, ... }:
    ''
      awk '{ printf "{\"pi\": %.6f, \"points\": %d}\n", 4 * $2 / $1, $1 }' "${inputs.counts}" > "${outputs.metrics}"
      cat "${outputs.metrics}"
    '';
}
