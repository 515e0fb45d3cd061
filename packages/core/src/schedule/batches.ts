// Groups jobs into SLURM job arrays. Pure. A batch holds jobs of one stage with equal resources, each of which waits for
// exactly its own upstream jobs, so that a failure keeps its own dependants from running and nobody else's.
import type { JobId } from "../model/ids.ts";
import type { JobResources } from "../target/config/resources.ts";
import { choosePartition, type Cluster } from "./choose-partition.ts";
import { groupJobs, type JobGroup } from "./group-jobs.ts";
import { isWorthLaning, layOutLanes, type Lane } from "./lanes.ts";

/** A job as the scheduler sees it: which other jobs of this submission it waits for, and how. */
export interface SchedulableJob {
  readonly id: JobId;
  readonly stage: string;
  /** Path of the program, relative to the target's `artifacts/`. */
  readonly executable: string;
  readonly resources: JobResources;
  /** Jobs of the same submission, or of those that have a place already; `hard` needs their success, `soft` their end. Jobs may share one list. */
  readonly dependsOn: DependencyList;
  /** What a task asks for that runs the steps of one work item; missing where the job runs in one task. */
  readonly items?: JobResources;
}

/** What a job waits for. */
export type DependencyList = readonly { readonly id: JobId; readonly kind: "hard" | "soft" }[];

/** One job array: its tasks by array index, and what it waits for. */
export interface Batch {
  readonly number: number;
  readonly stage: string;
  readonly resources: JobResources;
  readonly tasks: ReadonlyMap<number, SchedulableJob>;
  readonly dependency: BatchDependency;
  /** The batch of whose jobs this one runs the scatters alone, index by index; those are no tasks of it. */
  readonly scatters?: number;
}

/** What a batch waits for: all of it, and nothing where all three are empty. */
export interface BatchDependency {
  /** Batches of whose tasks each task waits for the one with its own index (`aftercorr`). */
  readonly corresponding: readonly number[];
  /** What every task waits for: success (`afterok`). */
  readonly ok: readonly TaskReference[];
  /** The end, whatever it is (`afterany`). */
  readonly any: readonly TaskReference[];
}

/** A task of a batch, or the whole batch when no index is given. */
export interface TaskReference {
  readonly batch: number;
  readonly index?: number;
}

/** SLURM's default MaxArraySize is 1001, which makes 1000 the highest index (slurm.conf(5)). */
export const DEFAULT_MOST_TASKS = 1000;

/**
 * Groups jobs, given in topological order, into few batches, of which each depends on earlier ones alone. Indexes begin at 1,
 * and none that is chosen here is above `mostTasks`. `awaited` are tasks of arrays that are in the queue already, under numbers
 * that no batch has.
 */
export function planBatches(
  jobs: readonly SchedulableJob[],
  awaited: ReadonlyMap<JobId, TaskReference> = new Map(),
  mostTasks: number = DEFAULT_MOST_TASKS,
): Batch[] {
  const groups = groupJobs(jobs);
  const lanes = layOutLanes(groups, mostTasks);
  const batches: Batch[] = [];
  const places = new Map<JobId, TaskReference>(awaited);
  for (const group of groups) {
    const clusters = choosePartition(group, places, mostTasks);
    const hasLanes = isWorthLaning(group, clusters, lanes, mostTasks);
    for (const cluster of clusters) {
      const dependency = renderDependency(cluster, batches);
      for (const tasks of splitCluster(cluster, hasLanes ? lanes : undefined, mostTasks)) {
        const number = batches.length + 1;
        batches.push({ number, ...describe(group), tasks, dependency });
        for (const [index, job] of tasks) places.set(job.id, { batch: number, index });
      }
    }
  }
  return batches;
}

function describe({ stage, resources }: JobGroup): Pick<Batch, "stage" | "resources"> {
  return { stage, resources };
}

/** The tasks of each batch that a cluster becomes: one where its indexes are given, else as many as its lanes need. */
function splitCluster(
  { jobs, indexes }: Cluster,
  lanes: ReadonlyMap<JobId, Lane> | undefined,
  mostTasks: number,
): ReadonlyMap<number, SchedulableJob>[] {
  if (indexes !== undefined) return [collectTasks(jobs.map((job, position) => [indexes[position] ?? 0, job]))];
  const slots = jobs.map((job, position) => {
    const { layer, lane } = lanes?.get(job.id) ?? { layer: 0, lane: position };
    return { layer, piece: Math.floor(lane / mostTasks), index: (lane % mostTasks) + 1, job };
  });
  const pieces = Map.groupBy(
    slots.toSorted((left, right) => left.layer - right.layer || left.piece - right.piece),
    ({ layer, piece }) => `${layer} ${piece}`,
  );
  return [...pieces.values()].map((piece) => collectTasks(piece.map(({ index, job }) => [index, job])));
}

function collectTasks(tasks: readonly [number, SchedulableJob][]): ReadonlyMap<number, SchedulableJob> {
  return new Map(tasks.toSorted(([left], [right]) => left - right));
}

function renderDependency({ corresponding, rest }: Cluster, batches: readonly Batch[]): BatchDependency {
  const ofKind = (kind: "hard" | "soft"): TaskReference[] =>
    gatherReferences(
      rest.filter((wait) => wait.kind === kind),
      batches,
    );
  return { corresponding, ok: ofKind("hard"), any: ofKind("soft") };
}

/** Names whole batches where every task of one is meant, single tasks otherwise. */
function gatherReferences(places: readonly TaskReference[], batches: readonly Batch[]): TaskReference[] {
  const wanted = new Map<number, Set<number>>();
  const whole: TaskReference[] = [];
  for (const { batch, index } of places) {
    if (index === undefined) whole.push({ batch });
    else wanted.set(batch, (wanted.get(batch) ?? new Set()).add(index));
  }
  const tasks = [...wanted].flatMap(([batch, indexes]): TaskReference[] =>
    indexes.size === batches[batch - 1]?.tasks.size
      ? [{ batch }]
      : [...indexes].toSorted((left, right) => left - right).map((index) => ({ batch, index })),
  );
  return [...whole, ...tasks];
}
