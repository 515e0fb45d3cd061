# expandRun : { at, axes, pipelines } -> { jobs, scripts, storeValues }: every combination of every stage, each job once.
# scripts: derivations of the stages; storeValues: parameter values that name store paths.
{ at, axes, pipelines }:
let
  fail = import ./fail.nix;
  listNames = import ./listNames.nix;
  uniqueStrings = import ./uniqueStrings.nix;
  unique = import ./unique.nix;
  expandAxes = import ./expandAxes.nix;
  mkJob = import ./mkJob.nix;
  nodes = builtins.concatLists pipelines;
  declared = uniqueStrings (builtins.concatMap (node: builtins.attrNames node.stage.parameters) nodes);
  undeclared = builtins.filter (name: !builtins.elem name declared) (builtins.attrNames axes);
  checkedAxes =
    if undeclared == [ ] then
      axes
    else
      fail {
        code = "LAB_PARAMETER_UNDECLARED";
        at = "${at}.parameters";
        message = "no stage declares the parameter ${listNames undeclared}";
        hint = "the stages of this run declare: ${listNames (builtins.sort builtins.lessThan declared)}";
      };
  expandPipeline =
    combination: pipeline:
    let
      done = builtins.foldl' (
        before: node: before // { ${node.key} = mkJob { inherit node combination; done = before; }; }
      ) { } pipeline;
    in
    map (node: done.${node.key}) pipeline;
  expanded = builtins.concatMap (
    combination: builtins.concatMap (expandPipeline combination) pipelines
  ) (expandAxes checkedAxes);
  values =
    builtins.concatLists (builtins.attrValues axes)
    ++ builtins.concatMap (node: builtins.attrValues node.stage.parameters) nodes;
in
{
  # In the order of the combinations: it enters the ids of jobs in dependent runs.
  jobs = unique (job: job.id) expanded;
  scripts = map (node: node.stage.script) nodes;
  storeValues = builtins.filter (value: builtins.isString value && builtins.hasContext value) values;
}
