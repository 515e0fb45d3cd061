# Numbers 1 to 5, each with the offset added, below the template's heading.
{ pkgs, ... }:
{
  pname = "stage-A-producer";
  parameters = {
    offset = 0;
    template_dir = "";
    nix_tool_bin = "";
  };
  outputs = {
    data_a = "$out/numbers.txt";
    heading = "$out/heading.txt";
  };
  resources = { cpus = 1; mem = "100M"; time = "00:05:00"; };
  run =
    { outputs, parameters, ... }:
    ''
      cat "${parameters.template_dir}/heading.txt" > "${outputs.heading}"
      "${parameters.nix_tool_bin}/awk" -v offset="${parameters.offset}" \
        'BEGIN { for (n = 1; n <= 5; n++) print n + offset }' > "${outputs.data_a}"
    '';
}
