// Whether a cluster can ever run what is asked of it. Pure. Where its answer leaves room for doubt, nothing is refused.
import { RepxError } from "../model/errors.ts";
import { findNearest } from "../model/find-nearest.ts";
import { readAsked, type AskedResources } from "./asked-resources.ts";
import type { SchedulableJob } from "./batches.ts";
import { listCandidates } from "./candidate-partitions.ts";
import { findRetryFaults } from "./retry-ladder.ts";
import type { NodeKind, Partition, SlurmFacts } from "./slurm-facts.ts";
import { parseMemory, parseTimeLimit, renderMemory, renderTimeLimit } from "./slurm-units.ts";

/** Jobs, as far as their resources are compared. */
export type ResourcefulJob = Pick<SchedulableJob, "stage" | "resources">;

/** Throws SLURM_UNSATISFIABLE, with all that no partition of the target can give, by stage. */
export function checkResources(jobs: readonly ResourcefulJob[], facts: SlurmFacts, target: string): void {
  const problems = findProblems(jobs, facts);
  if (problems.length === 0) return;
  const known = [...(facts.partitions?.keys() ?? [])].join(", ");
  throw new RepxError(
    "SLURM_UNSATISFIABLE",
    `${target} cannot run what is asked of it:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    {
      hint: `Correct resources.toml or the stages' \`resources\`${known === "" ? "" : `; the partitions are ${known}`} (\`scontrol show partition\` there).`,
      details: { problems },
    },
  );
}

/** Says what is wrong, a line for each stage and fault. */
export function findProblems(jobs: readonly ResourcefulJob[], facts: SlurmFacts): string[] {
  const groups = Map.groupBy(jobs, ({ stage, resources }) => JSON.stringify([stage, resources]));
  const faults = [...groups.values()].flatMap((group) => {
    const [first] = group;
    const asked = first === undefined ? undefined : readAsked(first.resources);
    if (first === undefined) return [];
    const found = [...(asked === undefined ? [] : findFaults(asked, facts)), ...findRetryFaults(first.resources)];
    return found.map((fault) => ({ stage: first.stage, count: group.length, fault }));
  });
  const same = Map.groupBy(faults, ({ stage, fault }) => JSON.stringify([stage, fault]));
  return [...same.values()].flatMap((group) => {
    const count = group.reduce((sum, one) => sum + one.count, 0);
    return group.slice(0, 1).map(({ stage, fault }) => `${stage} (${count} ${count === 1 ? "job" : "jobs"}): ${fault}`);
  });
}

function findFaults(asked: AskedResources, facts: SlurmFacts): string[] {
  // A QOS may lift a partition's limit of time.
  const time = asked.hasQos ? undefined : asked.time;
  const minutes = time === undefined ? undefined : parseTimeLimit(time);
  const memory = asked.mem === undefined ? undefined : parseMemory(asked.mem);
  const unreadable = [
    ...(time !== undefined && minutes === undefined
      ? [`time ${time} is no time that SLURM understands; write minutes, HH:MM:SS or D-HH:MM:SS`]
      : []),
    ...(asked.mem !== undefined && memory === undefined
      ? [`mem ${asked.mem} is no size that SLURM understands; write a whole number with K, M, G or T`]
      : []),
  ];
  if (facts.partitions === undefined) return unreadable;
  const unknown = (asked.partitions ?? []).filter((name) => facts.partitions?.has(name) === false);
  if (unknown.length > 0) return [...unreadable, ...unknown.map((name) => describeUnknown(name, facts.partitions))];
  const faults = listCandidates(asked, facts, facts.partitions).map((partition) =>
    findMisfits(partition, {
      ...(minutes === undefined ? {} : { minutes }),
      // 0 asks for all memory of a node.
      ...(memory === undefined || memory === 0 ? {} : { memory }),
      ...(asked.cpus === undefined ? {} : { cpus: asked.cpus }),
    }),
  );
  // One partition that fits is enough.
  return faults.some((one) => one.length === 0) ? unreadable : [...unreadable, ...faults.flat()];
}

function describeUnknown(name: string, partitions: ReadonlyMap<string, Partition> | undefined): string {
  const nearest = findNearest(name, [...(partitions?.keys() ?? [])]);
  return `there is no partition ${name}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`;
}

interface Need {
  readonly minutes?: number;
  /** MiB. */
  readonly memory?: number;
  readonly cpus?: number;
}

function findMisfits({ name, longestMinutes = Infinity, nodes }: Partition, need: Need): string[] {
  const { minutes, memory, cpus } = need;
  const faults: string[] = [];
  if (minutes !== undefined && minutes > longestMinutes)
    faults.push(
      `time ${renderTimeLimit(minutes)} is over the limit of partition ${name}, ${renderTimeLimit(longestMinutes)}`,
    );
  const mostMemory = findMost(nodes, (node) => node.memory);
  const mostCpus = findMost(nodes, (node) => node.cpus);
  if (memory !== undefined && memory > mostMemory)
    faults.push(
      `mem ${renderMemory(memory)} is over every node of partition ${name}, the largest has ${renderMemory(mostMemory)}`,
    );
  if (cpus !== undefined && cpus > mostCpus)
    faults.push(`${cpus} cpus are over every node of partition ${name}, the largest has ${mostCpus}`);
  if (memory === undefined || cpus === undefined || memory > mostMemory || cpus > mostCpus || nodes.length === 0)
    return faults;
  const fits = nodes.some((node) => node.cpus >= cpus && (node.memory ?? Infinity) >= memory);
  return fits ? faults : [...faults, `no node of partition ${name} has both ${cpus} cpus and ${renderMemory(memory)}`];
}

/** Infinity where it is not known. */
function findMost(nodes: readonly NodeKind[], read: (node: NodeKind) => number | undefined): number {
  return nodes.length === 0 ? Infinity : Math.max(...nodes.map((node) => read(node) ?? Infinity));
}
