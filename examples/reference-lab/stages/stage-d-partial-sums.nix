# x^2 + 2x for every number x of the list: one branch a number, and in each a diamond of steps.
{ pkgs, ... }:
rec {
  pname = "stage-D-partial-sums";

  scatter = {
    pname = "scatter";
    inputs.number_list_file = "";
    outputs = {
      worker__arg = { startIndex = 0; };
      work__items = "$out/work_items.json";
    };
    resources = { cpus = 1; mem = "100M"; };
    run =
      { inputs, outputs, ... }:
      ''
        awk 'BEGIN { printf "[" }
          { printf "%s{\"startIndex\": %d}", (NR > 1 ? ", " : ""), NR - 1 }
          END { print "]" }' "${inputs.number_list_file}" > "${outputs.work__items}"
      '';
  };

  steps = rec {
    extract = {
      pname = "extract";
      inputs = {
        worker__item = "";
        number_list_file = "";
      };
      outputs.number = "$out/number.txt";
      deps = [ ];
      run =
        { inputs, outputs, ... }:
        ''
          index=$(grep -o '[0-9][0-9]*' "${inputs.worker__item}")
          sed -n "$((index + 1))p" "${inputs.number_list_file}" > "${outputs.number}"
        '';
    };
    square = {
      pname = "square";
      inputs.number = "";
      outputs.squared = "$out/squared.txt";
      deps = [ extract ];
      run =
        { inputs, outputs, ... }:
        ''
          x=$(cat "${inputs.number}")
          echo $((x * x)) > "${outputs.squared}"
        '';
    };
    double = {
      pname = "double";
      inputs.number = "";
      outputs.doubled = "$out/doubled.txt";
      deps = [ extract ];
      run =
        { inputs, outputs, ... }:
        ''
          x=$(cat "${inputs.number}")
          echo $((2 * x)) > "${outputs.doubled}"
        '';
    };
    combine = {
      pname = "combine";
      inputs = {
        squared = "";
        doubled = "";
      };
      outputs.partial_sum = "$out/sum.txt";
      deps = [ square double ];
      resources = { cpus = 1; mem = "200M"; };
      run =
        { inputs, outputs, ... }:
        ''
          echo $(($(cat "${inputs.squared}") + $(cat "${inputs.doubled}"))) > "${outputs.partial_sum}"
        '';
    };
  };

  gather = {
    pname = "gather";
    inputs.worker__outs = "";
    outputs.data__partial_sums = "$out/partial_sums.txt";
    run =
      { inputs, outputs, ... }:
      ''
        # A JSON list with one object a branch: { "partial_sum": "<path>" }.
        grep -o '/[^"]*/sum\.txt' "${inputs.worker__outs}" | xargs cat > "${outputs.data__partial_sums}"
      '';
  };
}
