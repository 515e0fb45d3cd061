import type { AskedResources } from "./asked-resources.ts";
import type { Partition, SlurmFacts } from "./slurm-facts.ts";

/** Lists the partitions that a job may come to run in: those it names, else the default one, else any. */
export function listCandidates(
  { partitions: names }: AskedResources,
  { picksPartition }: SlurmFacts,
  partitions: ReadonlyMap<string, Partition>,
): Partition[] {
  const all = [...partitions.values()];
  if (names !== undefined && names.length > 0) return all.filter(({ name }) => names.includes(name));
  const standard = all.filter(({ isDefault }) => isDefault);
  return picksPartition || standard.length === 0 ? all : standard;
}
