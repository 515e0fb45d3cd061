# buildLab : { runs, gitHash, labVersion, groups } -> derivation of the Lab folder, in RepX 0.5's layout.
# Jobs are data: one derivation however many there are. Its tables are lines `<path in the Lab><tab><content or source>`.
{ runs, gitHash, labVersion, groups }:
let
  uniqueStrings = import ./uniqueStrings.nix;
  unique = import ./unique.nix;
  toolPath = import ./toolPath.nix;
  renderRun = import ./renderRun.nix;
  mkStoreValues = import ./mkStoreValues.nix;
  inherit (builtins.head runs) pkgs;
  jobs = unique (job: job.id) (builtins.concatMap (run: run.jobs) runs);
  storeValues = uniqueStrings (builtins.concatMap (run: run.storeValues) runs);
  roots =
    uniqueStrings (map (script: script.outPath) (builtins.concatMap (run: run.scripts) runs))
    ++ (if storeValues == [ ] then [ ] else [ (mkStoreValues { inherit pkgs; } storeValues).outPath ]);
  top = {
    repx_version = "0.5.0";
    type = "root";
    inherit gitHash;
    runs = map (run: "revision/metadata-${run.name}.json") runs;
  } // (if groups == { } then { } else { inherit groups; });
  renderLines = lines: builtins.concatStringsSep "" (map (line: "${line}\n") lines);
  hostTools = { bash = pkgs.pkgsStatic.bash; busybox = pkgs.pkgsStatic.busybox; };
in
derivation {
  name = "hpc-experiment-lab";
  system = pkgs.bash.system;
  builder = "${toolPath pkgs.bash}/bash";
  args = [ ./buildLab.sh ];
  PATH = builtins.concatStringsSep ":" (
    uniqueStrings (map toolPath [ pkgs.coreutils pkgs.findutils pkgs.gawk pkgs.gnugrep ])
  );
  inherit labVersion;
  exportReferencesGraph = builtins.concatLists (
    builtins.genList (n: [ "references-${toString n}" (builtins.elemAt roots n) ]) (builtins.length roots)
  );
  passAsFile = [ "texts" "scripts" "tools" ];
  texts = renderLines (
    [ "revision/metadata-top.json\t${builtins.toJSON top}" ]
    ++ map (run: "revision/metadata-${run.name}.json\t${renderRun { inherit gitHash; } run}") runs
    ++ builtins.concatMap (job: [
      "jobs/${job.id}/${job.stage.pname}-parameters.json\t${job.parametersJson}"
      "jobs/${job.id}/nix-input-dependencies.json\t${builtins.toJSON job.upstream}"
    ]) jobs
  );
  scripts = renderLines (
    map (job: "jobs/${job.id}/bin/${job.stage.pname}\t${job.stage.script}/bin/${job.stage.pname}") jobs
  );
  tools = renderLines (
    builtins.attrValues (builtins.mapAttrs (name: package: "${name}\t${toolPath package}/${name}") hostTools)
  );
}
