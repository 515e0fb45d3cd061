# Its name, its outputs and what it asks of the cluster depend on the parameters of each job.
{ pkgs, ... }:
{
  pname = { parameters }: "stage-F-dynamic-${parameters.mode}";
  parameters = {
    mode = "fast";
    multiplier = 1;
    scale = 1;
  };
  inputs = { parameters }: { source_data = ""; };
  outputs =
    { parameters }:
    { result = "$out/result.txt"; } // (if parameters.mode == "slow" then { summary = "$out/summary.txt"; } else { });
  resources =
    { parameters }:
    {
      cpus = 1;
      mem = if parameters.mode == "slow" then "200M" else "100M";
      time = "00:05:00";
    };
  run =
    { inputs, outputs, parameters, ... }:
    ''
      total=$(cat "${inputs.source_data}")
      echo $((total * ${parameters.multiplier})) > "${outputs.result}"
    ''
    + (
      if outputs ? summary then
        ''
          echo "$((total * ${parameters.scale})) with ${parameters.mode}" > "${outputs.summary}"
        ''
      else
        ""
    );
}
