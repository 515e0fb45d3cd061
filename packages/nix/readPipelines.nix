# readPipelines : { at, pkgs, runDependencies, space } -> [ path | function ] -> [ stage node ], of at least one stage.
given: pipelines:
let
  fail = import ./fail.nix;
  readPipeline = import ./readPipeline.nix;
  nodes = builtins.concatMap (readPipeline given) pipelines;
in
if nodes == [ ] then
  fail {
    code = "LAB_TYPE_WRONG";
    at = "${given.at}.pipelines";
    message = "no stage is in them, so the run would have no jobs";
    hint = "write pipelines = [ ./pipeline.nix ]; a pipeline is a set of stages";
  }
else
  nodes
