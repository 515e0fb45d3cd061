# How often each total came out, over all jobs of stage E that have one.
{ pkgs, ... }:
{
  pname = "stage-analysis";
  inputs = {
    store__base = "";
    metadata__simulation-run = "";
  };
  outputs = {
    "analysis.histogram" = "$out/histogram.tsv";
    metrics = "$out/metrics.json";
  };
  resources = { cpus = 1; mem = "100M"; time = "00:05:00"; };
  run =
    { inputs, outputs, ... }:
    ''
      grep -o '"path":"jobs/[^/"]*-stage-E-total-sum-[^/"]*' "${inputs.metadata__simulation-run}" | cut -d / -f 2 | sort -u |
        while read -r job; do
          if [ -e "${inputs.store__base}/outputs/$job/repx/SUCCESS" ]; then
            cat "${inputs.store__base}/outputs/$job/out/total_sum.txt"
          fi
        done | sort -n | uniq -c | awk '{ print $2 "\t" $1 }' > "${outputs."analysis.histogram"}"
      awk '{ printf "%s\"jobs_with_total_%d\": %d", (NR > 1 ? ", " : "{ "), $1, $2 } END { print " }" }' \
        "${outputs."analysis.histogram"}" > "${outputs.metrics}"
      cat "${outputs."analysis.histogram"}"
    '';
}
