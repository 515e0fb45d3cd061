# mkCheckedLab : { at, runs, gitHash, lab_version, groups, containerMode } -> derivation of the Lab folder.
# `at` is the function that the user called, for messages; it has checked containerMode.
{ at, runs, gitHash, lab_version, groups, containerMode }:
let
  checkText = import ./checkText.nix;
  checkRuns = import ./checkRuns.nix;
  sortRuns = import ./sortRuns.nix;
  readGroups = import ./readGroups.nix;
  buildLab = import ./buildLab.nix;
  sorted = checkRuns { inherit at; } (sortRuns { inherit at; } runs);
in
buildLab {
  runs = sorted;
  inherit containerMode;
  gitHash = checkText {
    inherit at;
    name = "gitHash";
    example = "self.rev or \"\"";
  } gitHash;
  labVersion = checkText {
    inherit at;
    name = "lab_version";
    example = "\"1.0.0\"";
  } lab_version;
  groups = readGroups {
    inherit at;
    runs = sorted;
  } groups;
}
