# An experiment in RepX 0.5's own style: nothing in this folder is particular to the library that builds it.
{ pkgs, repx-lib, gitHash, modes ? { } }:
let
  runs = rec {
    growth = repx-lib.callRun ./runs/growth.nix [ ];
    decay = repx-lib.callRun ./runs/decay.nix [ ];
    summary = repx-lib.callRun ./runs/summary.nix [ growth [ decay "soft" ] ];
  };
in
repx-lib.mkLab ({
  inherit pkgs repx-lib gitHash runs;
  lab_version = "2.0.0";
  groups = {
    models = [ runs.growth runs.decay ];
    everything = builtins.attrValues runs;
  };
} // modes)
