# Numbers 6 to 10, from where the configuration says.
{ pkgs, ... }:
{
  pname = "stage-B-producer";
  parameters = {
    mode = "fast";
    config_file = "";
  };
  outputs.raw_output = "$out/numbers.txt";
  resources = { cpus = 1; mem = "100M"; time = "00:05:00"; };
  run =
    { outputs, parameters, ... }:
    ''
      . "${parameters.config_file}"
      if [ "${parameters.mode}" = slow ]; then sleep 0.1; fi
      seq "$first" "$last" > "${outputs.raw_output}"
    '';
}
