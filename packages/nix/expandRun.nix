# expandRun : { at, axes, space, nodes, settings } -> { jobs, scripts, storeValues }: every job of the stages, each once.
# scripts: derivations of the stages; storeValues: parameter values that name store paths.
{ at, axes, space, nodes, settings }:
let
  checkJobs = import ./checkJobs.nix;
  expandNode = import ./expandNode.nix;
  unique = import ./unique.nix;
  uniqueNodes = unique (node: node.key) nodes;
  # Each after those that it needs; by key, so that names in a pipeline decide nothing.
  sorted = builtins.sort (a: b: if a.depth != b.depth then a.depth < b.depth else a.key < b.key) uniqueNodes;
  expanded = builtins.foldl' (
    done: node: done // { ${node.key} = expandNode { inherit node space done settings; }; }
  ) { } sorted;
  values =
    builtins.concatMap (axis: builtins.concatMap builtins.attrValues axis.rows) axes
    ++ builtins.concatMap (node: builtins.attrValues node.stage.parameters) uniqueNodes;
in
{
  # Sorted by id: their order enters the ids of jobs in dependent runs, and must not depend on names in a definition.
  jobs = checkJobs { inherit at; } (
    builtins.concatMap (node: expanded.${node.key}.jobs) sorted
  );
  scripts = unique (script: script.outPath) (builtins.concatMap (node: node.scripts) uniqueNodes);
  storeValues = builtins.filter (value: builtins.isString value && builtins.hasContext value) values;
}
