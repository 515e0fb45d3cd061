# One list of ten numbers out of two of five.
{ pkgs, ... }:
{
  pname = "stage-C-consumer";
  inputs = {
    data_a = "";
    list_b = "";
  };
  outputs.combined_list = "$out/combined.txt";
  resources = { cpus = 1; mem = "100M"; time = "00:05:00"; };
  run =
    { inputs, outputs, ... }:
    ''
      cat "${inputs.data_a}" "${inputs.list_b}" > "${outputs.combined_list}"
    '';
}
