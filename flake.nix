{
  description = "Run Nix-defined experiments on your SLURM cluster from GitHub";

  outputs =
    { self }:
    {
      lib = import ./packages/nix;
      templates.default = {
        path = ./examples/parameter-sweep;
        description = "A parameter sweep with an analysis: the percolation threshold by Monte Carlo";
      };
    };
}
