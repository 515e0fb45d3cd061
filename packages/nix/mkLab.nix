# mkLab : { pkgs, repx-lib, gitHash, lab_version, runs, groups ? { }, containerMode ? "unified", runContainerMode ? "per-run" }
# -> { lab; runs.<name>; }, RepX 0.5's way to a Lab: `lab` has all runs, `runs.<name>` one of them with those that it needs.
# runs: { name = callRun ./run.nix [ ]; }; groups: { name = [ placeholder | name in runs ]; }, selected as @name.
given:
let
  checkContainerMode = import ./checkContainerMode.nix;
  checkKeys = import ./checkKeys.nix;
  checkPackages = import ./checkPackages.nix;
  callRuns = import ./callRuns.nix;
  mkCheckedLab = import ./mkCheckedLab.nix;
  at = "mkLab";
  definition = {
    groups = { };
    containerMode = "unified";
    runContainerMode = "per-run";
  }
  // checkKeys {
    inherit at;
    required = [ "pkgs" "repx-lib" "gitHash" "lab_version" "runs" ];
    optional = [ "groups" "containerMode" "runContainerMode" ];
  } given;
  # Of the Lab and of single runs, whichever is asked for.
  modes = builtins.mapAttrs (name: checkContainerMode { at = "${at}.${name}"; }) {
    inherit (definition) containerMode runContainerMode;
  };
  inherit (callRuns {
    inherit at;
    pkgs = checkPackages { inherit at; } definition.pkgs;
    inherit (definition) repx-lib groups;
  } definition.runs) runs groups;
  toItem = run: {
    key = run.name;
    inherit run;
  };
  withNeeded =
    run:
    map (item: item.run) (
      builtins.genericClosure {
        startSet = [ (toItem run) ];
        operator = item: map (dependency: toItem dependency.run) item.run.dependencies;
      }
    );
  mkOne =
    { runs, groups, containerMode }:
    builtins.deepSeq modes (mkCheckedLab {
      inherit at runs groups containerMode;
      inherit (definition) gitHash lab_version;
    });
in
{
  lab = mkOne {
    runs = builtins.attrValues runs;
    inherit groups;
    inherit (modes) containerMode;
  };
  runs = builtins.mapAttrs (
    _: run:
    mkOne {
      runs = withNeeded run;
      groups = { };
      containerMode = modes.runContainerMode;
    }
  ) runs;
}
