# callRun : run file -> dependencies -> placeholder, a run as mkLab takes it. The file is a path or a function; it is
# called with those of pkgs and repx-lib that it names and returns mkRun's arguments.
# dependencies: [ placeholder | name in mkLab's runs | [ placeholder "hard" | "soft" ] ].
runPath: dependencies: {
  _repxType = "runPlaceholder";
  inherit runPath dependencies;
}
