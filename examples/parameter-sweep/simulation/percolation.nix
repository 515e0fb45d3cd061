# One job: occupy the sites of an L x L lattice in random order until a cluster joins top and bottom, many times over.
{ pkgs, ... }:
{
  pname = "percolation";
  version = "1.0";

  parameters = {
    lattice_size = 16;
    seed = 1;
    # Lattice sites per job: small lattices get more realisations, so that every job takes about as long.
    sites = 160000;
  };

  outputs.threshold = "$out/threshold.tsv";

  resources = {
    cpus = 1;
    mem = "100M";
    time = "00:05:00";
  };

  runDependencies = [ pkgs.gawk ];

  run =
    { outputs, parameters, ... }:
    ''
      awk -v L=${parameters.lattice_size} -v seed=${parameters.seed} -v sites=${parameters.sites} \
        -f ${./percolation.awk} > "${outputs.threshold}"
      cat "${outputs.threshold}"
    '';
}
