# mkCheckedLab : { at, modeAt, runs, gitHash, lab_version, groups, containerMode } -> derivation of the Lab folder.
# `at` is the function that the user called, `modeAt` its argument that is containerMode, for messages.
{ at, modeAt, runs, gitHash, lab_version, groups, containerMode }:
let
  checkText = import ./checkText.nix;
  checkContainerMode = import ./checkContainerMode.nix;
  sortRuns = import ./sortRuns.nix;
  readGroups = import ./readGroups.nix;
  buildLab = import ./buildLab.nix;
  sorted = sortRuns { inherit at; } runs;
in
buildLab {
  runs = sorted;
  gitHash = checkText {
    inherit at;
    name = "gitHash";
  } gitHash;
  labVersion = checkText {
    inherit at;
    name = "lab_version";
  } lab_version;
  groups = readGroups {
    inherit at;
    runs = sorted;
  } groups;
  containerMode = checkContainerMode { at = "${at}.${modeAt}"; } containerMode;
}
