# 64 combinations: 2 values each of offset, mode, template_dir, config_file and workload_args, and 2 rows of the zip.
{ pkgs, repx-lib, ... }:
let
  utils = repx-lib.mkUtils { inherit pkgs; };
in
{
  name = "simulation-run";
  pipelines = [ ./pipeline.nix ];
  parameters = {
    offset = utils.range 1 2;
    mode = [ "fast" "slow" ];
    template_dir = utils.dirs ./templates;
    config_file = utils.scan {
      src = ./configs;
      type = "file";
      match = ".*\\.conf";
    };
    config = utils.zip {
      multiplier = [ 2 3 ];
      scale = [ 10 100 ];
    };
    workload_args = [ "10 20 30" "5 15 25" ];
    env = [ (utils.env { OMP_NUM_THREADS = "1"; }) ];
    # A store path as a value: the package comes to the cluster with the Lab.
    nix_tool_bin = [ "${pkgs.gawk}/bin" ];
  };
}
