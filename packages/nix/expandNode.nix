# expandNode : { node, space, done, settings } -> { jobs, of : combination -> job }: a stage's jobs in a run.
# done: the same of the stages before it, by node key. Only axes that the stage or what it needs declares multiply its jobs.
{ node, space, done, settings }:
let
  keyCombination = import ./keyCombination.nix;
  mkJob = import ./mkJob.nix;
  mkWiring = import ./mkWiring.nix;
  relevant = node.relevant // settings.relevant;
  combinations = space relevant;
  wiringOf = mkWiring {
    inherit node combinations;
    inherit (settings) hashMode;
  };
  jobs = builtins.listToAttrs (
    map (combination: {
      name = keyCombination combination;
      value = mkJob {
        inherit node combination settings;
        wiring = wiringOf combination;
        producers = map (wire: done.${wire.node.key}.of combination) node.wires;
      };
    }) combinations
  );
in
{
  jobs = builtins.attrValues jobs;
  of = combination: jobs.${keyCombination (builtins.intersectAttrs relevant combination)};
}
