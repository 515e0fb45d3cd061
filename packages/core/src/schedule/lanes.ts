// Which array index a job should have, so that those who wait for it find all their upstream jobs at one index. Pure, and
// advice only: whatever the lanes are, every job waits for its own upstream jobs.
import type { JobId } from "../model/ids.ts";
import type { SchedulableJob } from "./batches.ts";
import type { Cluster } from "./choose-partition.ts";
import type { JobGroup } from "./group-jobs.ts";

/** A lane is an index that goes on over several arrays; jobs of one lane that lead to the same job lie in layers. */
export interface Lane {
  readonly layer: number;
  readonly lane: number;
}

/** Who waits for the jobs of a group, in the nearest group that does. */
interface Consumers {
  readonly group: JobGroup;
  /** Of each job the one that waits for it, and which of that one's inputs from this group it is. */
  readonly inputs: ReadonlyMap<JobId, { readonly by: SchedulableJob; readonly nth: number }>;
  /** Nobody is waited for by two. */
  readonly isTree: boolean;
  readonly count: number;
}

/** Lays out all jobs, those first that nobody waits for: a job takes the lane of the one that waits for it. */
export function layOutLanes(groups: readonly JobGroup[], mostTasks: number): ReadonlyMap<JobId, Lane> {
  const lanes = new Map<JobId, Lane>();
  const consumers = findConsumers(groups);
  for (const group of groups.toReversed()) {
    const own = consumers.get(group.number);
    for (const [id, lane] of layOutGroup(group, own, lanes, mostTasks)) lanes.set(id, lane);
  }
  return lanes;
}

/** Tells whether a group that chooses its indexes itself takes those of its lanes, or else counts up. */
export function isWorthLaning(
  { jobs }: JobGroup,
  clusters: readonly Cluster[],
  lanes: ReadonlyMap<JobId, Lane>,
  mostTasks: number,
): boolean {
  if (clusters.some(({ indexes }) => indexes !== undefined)) return false;
  // Lanes that leave gaps were found worth it for the group as one; cut into clusters it must not become many arrays more.
  const pieces = clusters.map(({ jobs: members }) => countPieces(members, lanes, mostTasks));
  const dense = clusters.map(({ jobs: members }) => Math.ceil(members.length / mostTasks));
  return sum(pieces) - sum(dense) <= countPieces(jobs, lanes, mostTasks) - Math.ceil(jobs.length / mostTasks);
}

function findConsumers(groups: readonly JobGroup[]): ReadonlyMap<number, Consumers> {
  const owners = new Map<JobId, number>();
  for (const { number, jobs } of groups) for (const { id } of jobs) owners.set(id, number);
  const found = new Map<number, Consumers>();
  for (const group of groups) {
    for (const [number, consumers] of gatherInputs(group, owners)) {
      if (!found.has(number)) found.set(number, consumers);
    }
  }
  return found;
}

/** What a group takes from each other group. */
function gatherInputs(group: JobGroup, owners: ReadonlyMap<JobId, number>): ReadonlyMap<number, Consumers> {
  const taken = new Map<
    number,
    { inputs: Map<JobId, { by: SchedulableJob; nth: number }>; isTree: boolean; by: Set<JobId> }
  >();
  for (const [list, jobs] of group.byDependencies) {
    const [by] = jobs;
    if (by === undefined) continue;
    const counts = new Map<number, number>();
    for (const { id } of list) {
      const owner = owners.get(id);
      if (owner === undefined) continue;
      const entry = taken.get(owner) ?? { inputs: new Map(), isTree: true, by: new Set() };
      taken.set(owner, entry);
      if (jobs.length > 1 || entry.inputs.has(id)) entry.isTree = false;
      const nth = counts.get(owner) ?? 0;
      counts.set(owner, nth + 1);
      entry.by.add(by.id);
      if (!entry.inputs.has(id)) entry.inputs.set(id, { by, nth });
    }
  }
  return new Map(
    [...taken].map(([number, { inputs, isTree, by }]) => [number, { group, inputs, isTree, count: by.size }]),
  );
}

function layOutGroup(
  { jobs }: JobGroup,
  consumers: Consumers | undefined,
  lanes: ReadonlyMap<JobId, Lane>,
  mostTasks: number,
): ReadonlyMap<JobId, Lane> {
  if (consumers === undefined) return countUp(jobs);
  const taken = takeLanes(jobs, consumers, lanes);
  const cost = countPieces(jobs, taken, mostTasks) + Math.ceil(consumers.count / mostTasks);
  if (consumers.isTree && cost <= Math.ceil(jobs.length / mostTasks) + consumers.count) return taken;
  const sorted = jobs.toSorted((left, right) => compare(taken.get(left.id), taken.get(right.id)));
  // The list of what a large reduction waits for is short where whole arrays can be named (SLURM takes 128 KiB).
  const apart = countUpApart(sorted, consumers, mostTasks);
  const isLarge = consumers.isTree && jobs.length >= (consumers.count * mostTasks) / 2;
  const most = Math.ceil(jobs.length / mostTasks) + consumers.count;
  return isLarge && countPieces(jobs, apart, mostTasks) <= most ? apart : countUp(sorted);
}

/** The lane of whoever waits for a job, in a layer for each of its inputs; who is waited for by nobody comes behind. */
function takeLanes(
  jobs: readonly SchedulableJob[],
  { inputs }: Consumers,
  lanes: ReadonlyMap<JobId, Lane>,
): ReadonlyMap<JobId, Lane> {
  const layers = new Map<string, number>();
  const taken = new Map<JobId, Lane>();
  let last = -1;
  for (const { id } of jobs) {
    const input = inputs.get(id);
    const from = input === undefined ? undefined : lanes.get(input.by.id);
    if (input === undefined || from === undefined) continue;
    const key = `${from.layer} ${input.nth}`;
    const layer = layers.get(key) ?? layers.size;
    layers.set(key, layer);
    taken.set(id, { layer, lane: from.lane });
    last = Math.max(last, from.lane);
  }
  for (const { id } of jobs) if (!taken.has(id)) taken.set(id, { layer: 0, lane: ++last });
  return taken;
}

function countUp(jobs: readonly SchedulableJob[]): ReadonlyMap<JobId, Lane> {
  return new Map(jobs.map(({ id }, lane) => [id, { layer: 0, lane }]));
}

/** Counts up, from a new array on for each of those who wait. */
function countUpApart(
  sorted: readonly SchedulableJob[],
  { inputs }: Consumers,
  mostTasks: number,
): ReadonlyMap<JobId, Lane> {
  const lanes = new Map<JobId, Lane>();
  let next = 0;
  let previous: SchedulableJob | undefined;
  for (const { id } of sorted) {
    const by = inputs.get(id)?.by;
    if (by !== previous) next = Math.ceil(next / mostTasks) * mostTasks;
    previous = by;
    lanes.set(id, { layer: 0, lane: next++ });
  }
  return lanes;
}

function countPieces(jobs: readonly SchedulableJob[], lanes: ReadonlyMap<JobId, Lane>, mostTasks: number): number {
  const pieces = jobs.map(({ id }) => {
    const { layer = 0, lane = 0 } = lanes.get(id) ?? {};
    return `${layer} ${Math.floor(lane / mostTasks)}`;
  });
  return new Set(pieces).size;
}

function compare(left: Lane | undefined, right: Lane | undefined): number {
  return (left?.lane ?? 0) - (right?.lane ?? 0) || (left?.layer ?? 0) - (right?.layer ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
