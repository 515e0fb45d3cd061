# Reads what every simulation job wrote and extrapolates the threshold to the infinite lattice.
{ pkgs, ... }:
{
  pname = "threshold";
  version = "1.0";

  # Given to the first stage of a run with dependencies: what the run `simulation` consists of, and where outputs lie.
  inputs = {
    metadata__simulation = "";
    store__base = "";
  };

  outputs = {
    samples = "$out/samples.tsv";
    thresholds = "$out/thresholds.tsv";
    metrics = "$out/metrics.json";
  };

  resources = {
    cpus = 1;
    mem = "100M";
    time = "00:05:00";
  };

  runDependencies = [ pkgs.gawk ];

  run =
    { inputs, outputs, ... }:
    ''
      # The metadata is one line of JSON; each job in it has a "path" that begins with jobs/<job id>/.
      grep -o '"path":"jobs/[^/"]*' "${inputs.metadata__simulation}" | cut -d / -f 2 | sort |
        while read -r job; do
          cat "${inputs.store__base}/outputs/$job/out/threshold.tsv"
        done | awk 'NR == 1 || $1 != "lattice_size"' > "${outputs.samples}"

      awk -v thresholds="${outputs.thresholds}" -v metrics="${outputs.metrics}" -f ${./threshold.awk} "${outputs.samples}"
      cat "${outputs.thresholds}" "${outputs.metrics}"
    '';
}
