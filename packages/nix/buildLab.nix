# buildLab : { runs, gitHash, labVersion, groups, containerMode } -> derivation of the Lab folder, in RepX 0.5's layout.
# Jobs are data: one derivation however many there are. Its tables are lines `<path in the Lab><tab><content or source>`.
{ runs, gitHash, labVersion, groups, containerMode }:
let
  unique = import ./unique.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  toolPath = import ./toolPath.nix;
  hostTools = import ./hostTools.nix;
  listRoots = import ./listRoots.nix;
  mkImages = import ./mkImages.nix;
  mkStoreValues = import ./mkStoreValues.nix;
  planImages = import ./planImages.nix;
  renderLabTexts = import ./renderLabTexts.nix;
  inherit (builtins.head runs) pkgs;
  jobs = unique (job: job.id) (builtins.concatMap (run: run.jobs) runs);
  plan = planImages { inherit runs containerMode; };
  roots = mkStoreValues { inherit pkgs; } (listRoots runs);
  renderTable = lines: builtins.concatStringsSep "\n" (lines ++ [ "" ]);
in
derivation {
  name = "hpc-experiment-lab";
  system = pkgs.bash.system;
  builder = "${toolPath pkgs.bash}/bash";
  args = [ ./buildLab.sh ];
  PATH = builtins.concatStringsSep ":" (uniqueStrings (map toolPath (with pkgs; [ coreutils findutils gawk ])));
  labVersionJson = builtins.toJSON labVersion;
  rootsPath = roots;
  exportReferencesGraph = [ "references" roots ];
  imagesFolder =
    if plan.images == [ ] then
      ""
    else
      mkImages {
        inherit pkgs roots;
        inherit (plan) images;
      };
  passAsFile = [ "texts" "scripts" "tools" ];
  texts = renderTable (renderLabTexts {
    inherit runs jobs gitHash labVersion groups containerMode;
    imageOf = plan.nameOf;
  });
  scripts = renderTable (
    builtins.concatMap (
      job:
      map ({ program, script, ... }: "jobs/${job.id}/bin/${program}\t${script}/bin/${program}") job.executables
    ) jobs
  );
  tools = renderTable (map ({ folder, program }: "${folder}/${program}") (hostTools { inherit pkgs; }));
}
