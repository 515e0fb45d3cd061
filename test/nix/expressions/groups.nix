# Groups: names for lists of runs, in runs2Lab and in mkLab.
{ repx, pkgs, internal, run, stage, pipe, ... }:
let
  inherit (repx) callRun;
  a = run "a" { };
  b = run "b" { };
  read = internal "readGroups" {
    at = "runs2Lab";
    runs = [ a b ];
  };
  placeholder = callRun ({ ... }: {
    name = "actual";
    pipelines = [ (pipe (call: { a = call (stage "a" { }) [ ]; })) ];
  }) [ ];
  readLab =
    groups:
    let
      called = internal "callRuns" {
        inherit pkgs groups;
        at = "mkLab";
        repx-lib = repx;
      } { sim = placeholder; };
    in
    internal "readGroups" {
      at = "mkLab";
      runs = builtins.attrValues called.runs;
    } called.groups;
  refuses = groups: error: {
    expr = (repx.runs2Lab { runs = [ a b ]; inherit groups; }).drvPath;
    inherit error;
  };
  refusesLab = groups: error: {
    expr = readLab groups;
    inherit error;
  };
in
{
  "a group has the names of its runs in the order given" = {
    expr = read { all = [ b a ]; none = [ ]; };
    expected = { all = [ "b" "a" ]; none = [ ]; };
  };

  "no groups are none" = {
    expr = read { };
    expected = { };
  };

  "a group of placeholders has the names that the run files give" = {
    expr = readLab { all = [ placeholder ]; };
    expected.all = [ "actual" ];
  };

  "a group of mkLab may write a run's name" = {
    expr = readLab { all = [ "sim" ]; };
    expected.all = [ "actual" ];
  };

  "a group with the name of a run is refused" = refuses { a = [ b ]; } [
    "error[LAB_GROUP_INVALID]: at runs2Lab.groups.a: a run has this name already"
    "hint: choose a name other than: a, b"
  ];

  "a group that is no list is refused" = refuses { all = a; } [
    "error[LAB_GROUP_INVALID]: at runs2Lab.groups.all: a group is a list of runs of this Lab"
    "hint: runs of this Lab: a, b"
  ];

  "a group with a run that is not in the Lab is refused" = refuses { all = [ a (run "c" { }) ]; } [
    "error[LAB_GROUP_INVALID]: at runs2Lab.groups.all: a group is a list of runs of this Lab"
  ];

  "a group with something else than a run is refused" = refuses { all = [ "a" ]; } [
    "error[LAB_GROUP_INVALID]: at runs2Lab.groups.all: a group is a list of runs of this Lab"
  ];

  "a group whose name no command line takes is refused" = refuses { "all runs" = [ a ]; } [
    "error[LAB_NAME_INVALID]: at runs2Lab.groups: invalid name \"all runs\""
  ];

  "a group of mkLab with the name that a run's file gives is refused" = refusesLab { actual = [ placeholder ]; } [
    "error[LAB_GROUP_INVALID]: at mkLab.groups.actual: a run has this name already"
  ];

  "a group of mkLab that is no list is refused" = refusesLab { all = placeholder; } [
    "error[LAB_GROUP_INVALID]: at mkLab.groups.all: a group is a list of runs of this Lab"
  ];

  "a group of mkLab with something else than a run is refused" = refusesLab { all = [ 3 ]; } [
    "error[LAB_DEPENDENCY_INVALID]: at mkLab.groups.all: a value of type int is not a run"
  ];

  "a group of mkLab with a run that is not in the Lab is refused" = refusesLab { all = [ (callRun ./groups.nix [ ]) ]; } [
    "error[LAB_RUN_MISSING]: at mkLab.groups.all: a run that is not in the Lab: groups.nix"
    "hint: add it to runs of mkLab; names there: sim"
  ];
}
