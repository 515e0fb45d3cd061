# A Lab with what the examples do not use, for comparisons between versions of Nix: values of every type, filters,
# repetitions, a revision, a hard and a soft dependency, groups, images. Takes what prelude.nix offers.
{ repx, pkgs, run, pipe, stage, ... }:
let
  utils = repx.mkUtils { inherit pkgs; };
  survey = run "survey" {
    pipelines = [
      (pipe (call: rec {
        measure = call (stage "measure" {
          version = "2.0";
          parameters = {
            size = 1;
            weight = 0.5;
            word = "none";
            isExact = false;
            input = "";
            unit = null;
          };
          outputs = {
            data = "$out/data.txt";
            log = "$out/log.txt";
          };
          runDependencies = [ pkgs.busybox ];
          resources = { cpus = 2; mem = "1G"; time = "00:10:00"; sbatch_opts = [ "--exclusive" ]; };
        }) [ ];
        first = call (stage "reduce" { inputs.data = ""; outputs.data = "$out/data.txt"; }) [ measure ];
        second = call (stage "reduce" { inputs.data = ""; outputs.data = "$out/data.txt"; }) [ first ];
        report = call (stage "report" { inputs = { numbers = ""; notes = ""; }; }) [
          [ second "data" "numbers" ]
          [ measure "log" "notes" ]
        ];
      }))
    ];
    parameters = {
      size = utils.range 1 2;
      input = utils.files ../../examples/reference-lab/configs;
      each = utils.zip {
        weight = [ 0.25 1.0 1.0e-7 1.0e10 ];
        word = [ "plain" "Grüße, 日本" "two\nlines" "\"quoted\" \\ $HOME" ];
        isExact = [ true false true false ];
        unit = [ "m" null "s" "" ];
      };
    };
    exclude = [ { size = 2; word = "plain"; } ];
    include = parameters: parameters.weight != 1.0 || parameters.size == 1;
    loops = 2;
    rev = 3;
  };
  check = run "check" { dependencies = [ survey ]; pipelines = [ (after "survey") ]; };
  notice = run "notice" { dependencies = [ [ check "soft" ] ]; pipelines = [ (after "check") ]; };
  after =
    name:
    pipe (call: {
      a = call (stage "after-${name}" { inputs = { "metadata__${name}" = ""; store__base = ""; }; }) [ ];
    });
in
repx.runs2Lab {
  runs = [ notice check survey ];
  gitHash = "0123456789abcdef";
  lab_version = "1.2.3";
  containerMode = "per-run";
  groups = { all = [ survey check notice ]; late = [ check notice ]; };
}
