# renderLabTexts : { runs, jobs, gitHash, labVersion, groups, containerMode, imageOf } -> [ "<path in the Lab><tab><content>" ].
# RepX 0.5's files, and two of our own: what is needed to build the Lab again, and which jobs repeat another one.
{ runs, jobs, gitHash, labVersion, groups, containerMode, imageOf }:
let
  renderRecord = import ./renderRecord.nix;
  renderRun = import ./renderRun.nix;
  runPath = run: "revision/metadata-${run.name}.json";
  imagePath = run: if imageOf ? ${run.name} then "images/${imageOf.${run.name}}.tar" else null;
  top = {
    repx_version = "0.5.0";
    type = "root";
    inherit gitHash;
    runs = map runPath runs;
  } // (if groups == { } then { } else { inherit groups; });
  repeated = builtins.filter (job: job.repetition > 1) jobs;
  repetitions = builtins.listToAttrs (map (job: { name = job.id; value = job.repetition; }) repeated);
in
[
  "revision/metadata-top.json\t${builtins.toJSON top}"
  "reproducibility/record.json\t${renderRecord { inherit runs gitHash labVersion containerMode; }}"
]
++ (if repeated == [ ] then [ ] else [ "repetitions/jobs.json\t${builtins.toJSON repetitions}" ])
++ map (
  run:
  "${runPath run}\t${
    renderRun {
      inherit gitHash;
      image = imagePath run;
    } run
  }"
) runs
++ builtins.concatMap (job: [
  "jobs/${job.id}/${job.pname}-parameters.json\t${job.parametersJson}"
  "jobs/${job.id}/nix-input-dependencies.json\t${builtins.toJSON job.upstream}"
]) jobs
