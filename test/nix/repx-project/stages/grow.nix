{ pkgs }:
{
  pname = "grow";
  version = "1.0";
  parameters = {
    seed = 0;
    start = "1";
    rate = 1;
    steps = 2;
    label = "none";
    environment = "";
  };
  inputs = { };
  outputs = {
    "series.txt" = "$out/series.txt";
    "label.txt" = "$out/label.txt";
  };
  runDependencies = [ pkgs.gawk ];
  resources = {
    cpus = 1;
    mem = "128M";
  };
  run =
    { inputs, outputs, parameters, ... }:
    ''
      ${parameters.environment}
      start="${parameters.start}"
      if [ -f "$start" ]; then start=$(cat "$start"); fi
      printf '[%s] in %s' "${parameters.label}" "''${UNIT-m}" > "${outputs."label.txt"}"
      awk -v x="$start" -v rate=${parameters.rate} -v steps=${parameters.steps} -v seed=${parameters.seed} \
        'BEGIN { for (n = 0; n < steps; n++) print x + seed + n * rate }' > "${outputs."series.txt"}"
    '';
}
