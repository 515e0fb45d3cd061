# Written as for RepX 0.5: runs are files, called by mkLab; a dependency is named by what callRun returns.
{ pkgs, repx-lib }:
let
  simulation = repx-lib.callRun ./simulation.nix [ ];
  analysis = repx-lib.callRun ./analysis.nix [ [ simulation "soft" ] ];
in
(repx-lib.mkLab {
  inherit pkgs repx-lib;
  gitHash = "reference";
  lab_version = "1.0.0";
  runs = { inherit simulation analysis; };
  groups = {
    all = [ simulation analysis ];
    compute = [ simulation ];
  };
  containerMode = "none";
}).lab
