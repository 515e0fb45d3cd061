# Throws random points into the unit square and counts those inside the quarter circle.
{ pkgs, ... }:
{
  pname = "sample";
  version = "1.0";

  parameters = {
    points = 1000;
    seed = 1;
  };

  outputs.counts = "$out/counts.tsv";

  resources = {
    cpus = 1;
    mem = "100M";
    time = "00:05:00";
  };

  runDependencies = [ pkgs.gawk ];

  run =
    { outputs, parameters, ... }:
    ''
      awk -v points=${parameters.points} -v seed=${parameters.seed} '
        BEGIN {
          srand(seed)
          for (i = 0; i < points; i++) {
            x = rand()
            y = rand()
            inside += x * x + y * y < 1
          }
          print points, inside
        }' > "${outputs.counts}"
    '';
}
