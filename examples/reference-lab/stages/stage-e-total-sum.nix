# 540 for offset 1, 595 for offset 2, whatever the other parameters are.
{ pkgs, ... }:
{
  pname = "stage-E-total-sum";
  inputs.data__partial_sums = "";
  outputs."data.total_sum" = "$out/total_sum.txt";
  resources = { cpus = 1; mem = "100M"; time = "00:05:00"; };
  run =
    { inputs, outputs, ... }:
    ''
      awk '{ sum += $1 } END { print sum }' "${inputs.data__partial_sums}" > "${outputs."data.total_sum"}"
    '';
}
