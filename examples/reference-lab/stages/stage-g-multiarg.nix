# Several arguments in one value, and environment variables as a value.
{ pkgs, ... }:
{
  pname = "stage-G-multiarg";
  parameters = {
    workload_args = "0";
    offset = 0;
    env = "";
  };
  inputs.source_data = "";
  outputs."data.multiarg_result" = "$out/result.txt";
  resources = { cpus = 1; mem = "100M"; time = "00:05:00"; };
  run =
    { inputs, outputs, parameters, ... }:
    ''
      eval "${parameters.env}"
      sum=$(cat "${inputs.source_data}")
      for argument in ${parameters.workload_args}; do
        sum=$((sum + (argument + ${parameters.offset}) * OMP_NUM_THREADS))
      done
      echo "$sum" > "${outputs."data.multiarg_result"}"
    '';
}
