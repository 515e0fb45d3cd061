{ pkgs }:
{
  pname = "area";
  scatter = {
    pname = "scatter";
    inputs.lengths = "";
    outputs = {
      worker__arg = { line = 1; };
      work__items = "$out/work_items.json";
    };
    run =
      { inputs, outputs, ... }:
      ''
        awk 'BEGIN { printf "[" } { printf "%s{\"line\":%d}", (NR > 1 ? "," : ""), NR } END { print "]" }' \
          "${inputs.lengths}" > "${outputs.work__items}"
      '';
  };
  steps.square = {
    pname = "square";
    inputs = {
      worker__item = "";
      lengths = "";
    };
    outputs.square = "$out/square.txt";
    deps = [ ];
    run =
      { inputs, outputs, ... }:
      ''
        line=$(grep -o '[0-9][0-9]*' "${inputs.worker__item}")
        awk -v line="$line" 'NR == line { print $1 * $1 }' "${inputs.lengths}" > "${outputs.square}"
      '';
  };
  gather = {
    pname = "gather";
    inputs.worker__outs = "";
    outputs.area = "$out/area.txt";
    run =
      { inputs, outputs, ... }:
      ''
        grep -o '/[^"]*/square\.txt' "${inputs.worker__outs}" | xargs cat > "${outputs.area}"
      '';
  };
}
