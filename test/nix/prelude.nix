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

  # Two stages in a row; `second` sorts before its producer, which RepX 0.5 gets wrong.
  chain =
    { first ? { }, second ? { } }:
    pipe (
      call: rec {
        z_first = call (stage "first" ({ parameters.x = 0; outputs.data = "$out/data"; } // first)) [ ];
        a_second = call (stage "second" ({ inputs.data = ""; } // second)) [ z_first ];
      }
    );

  ids = run: map (job: job.id) run.jobs;
  idsOf = pname: run: map (job: job.id) (builtins.filter (job: job.stage.pname == pname) run.jobs);
  parametersOf = run: map (job: job.parametersJson) run.jobs;
}
