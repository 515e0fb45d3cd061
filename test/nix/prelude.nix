# What expressions in tests see: the library, the package set, and short ways to a stage, a pipeline and a run.
{ library, packages }:
rec {
  repx = import "${toString library}/packages/nix";
  internal = name: import "${toString library}/packages/nix/${name}.nix";
  pkgs = (builtins.getFlake packages).legacyPackages.x86_64-linux;

  stage = pname: extra: { inherit pname; run = { ... }: "true"; } // extra;
  pipe = stages: { repx, ... }: repx.mkPipe (stages repx.callStage);
  run =
    name: extra:
    repx.mkRun ({ inherit pkgs name; pipelines = [ (pipe (call: { a = call (stage "a" { }) [ ]; })) ]; } // extra);
  # A run of one pipeline, and of one stage that nothing supplies.
  runOf = stages: extra: run "r" ({ pipelines = [ (pipe stages) ]; } // extra);
  runStage = given: runOf (call: { a = call given [ ]; });

  # Two stages in a row; `second` sorts before its producer, which RepX 0.5 gets wrong.
  chain =
    { first ? { }, second ? { } }:
    pipe (
      call: rec {
        z_first = call (stage "first" ({ parameters.x = 0; outputs.data = "$out/data"; } // first)) [ ];
        a_second = call (stage "second" ({ inputs.data = ""; } // second)) [ z_first ];
      }
    );

  # The least that a scatter-gather stage needs; scatter and gather add to it, steps replace its one step.
  scattered =
    { scatter ? { }, steps ? { inherit work; }, gather ? { }, extra ? { } }:
    {
      pname = "sg";
      scatter = {
        outputs = { worker__arg = { n = 0; }; work__items = "$out/work_items.json"; };
        run = { ... }: "true";
      }
      // scatter;
      inherit steps;
      gather = { inputs.worker__outs = ""; outputs.total = "$out/total"; run = { ... }: "true"; } // gather;
    }
    // extra;
  work = { inputs.worker__item = ""; outputs.result = "$out/result"; run = { ... }: "true"; };

  ids = run: map (job: job.id) run.jobs;
  jobsOf = pname: run: builtins.filter (job: job.pname == pname) run.jobs;
  idsOf = pname: run: ids { jobs = jobsOf pname run; };
  jobOf =
    pname: run:
    let
      jobs = jobsOf pname run;
    in
    if builtins.length jobs == 1 then builtins.head jobs else throw "${toString (builtins.length jobs)} jobs of ${pname}";
  parametersOf = run: map (job: job.parametersJson) run.jobs;
  # Which ids of the first run the second one has as well, by stage.
  keptStages = before: after: map (job: job.pname) (builtins.filter (job: builtins.elem job.id (ids after)) before.jobs);
  executable = name: job: builtins.head (builtins.filter (executable: executable.name == name) job.executables);
  # Mappings without the fields that are null.
  inputsOf =
    executable:
    map (
      mapping:
      removeAttrs mapping (builtins.filter (field: mapping.${field} == null) (builtins.attrNames mapping))
    ) executable.inputs;
  metadataOf = job: builtins.fromJSON (builtins.unsafeDiscardStringContext (internal "renderJob" job));
  sort = builtins.sort builtins.lessThan;
}
