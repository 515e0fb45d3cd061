{ pkgs }:
{
  pname = "summary";
  inputs = {
    metadata__growth-run = "";
    metadata__decay = "";
    store__base = "";
  };
  outputs.count = "$out/count.txt";
  run =
    { inputs, outputs, ... }:
    ''
      for metadata in "${inputs.metadata__growth-run}" "${inputs.metadata__decay}"; do
        grep -o '"name":"grow-1.0"' "$metadata" | wc -l
      done > "${outputs.count}"
    '';
}
