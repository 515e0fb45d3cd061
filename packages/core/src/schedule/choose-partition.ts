// How the jobs of a group are shared out among arrays, given where their upstream jobs are. Pure.
import type { JobId } from "../model/ids.ts";
import type { DependencyList, SchedulableJob, TaskReference } from "./batches.ts";
import type { JobGroup } from "./group-jobs.ts";

/** Jobs with the same wait: each for its own index of some batches, and all for the rest. */
export interface Cluster {
  readonly corresponding: readonly number[];
  readonly rest: readonly Wait[];
  readonly jobs: readonly SchedulableJob[];
  /** The index of each job, where `corresponding` gives it. */
  readonly indexes?: readonly number[];
}

/** A placed job that is waited for; one of another submission may be no task, and has no index then. */
export interface Wait extends TaskReference {
  readonly kind: "hard" | "soft";
}

/** Which of the waits of a job may become a wait for the same index. */
type Choice = (wait: Wait, id: JobId) => boolean;

/**
 * Shares out a group in the way that makes the fewest batches. Which of its waits are by index is tried out: none (jobs
 * that wait for the same share an array), all, those for one upstream array's stage (jobs that combine two sweeps), or those
 * that no other job of the group has (a job that is compared with a common one).
 */
export function choosePartition(
  group: JobGroup,
  places: ReadonlyMap<JobId, TaskReference>,
  mostTasks: number,
): Cluster[] {
  const waits = new Map([...group.byDependencies.keys()].map((list) => [list, listWaits(list, places)]));
  const choices: Choice[] = [() => false, () => true, ...chooseByUpstream(group, waits), chooseOwn(group)];
  let best: { readonly clusters: Cluster[]; readonly count: number } | undefined;
  for (const choice of choices) {
    const clusters = partition(group, waits, choice);
    const count = clusters.reduce(
      (sum, { jobs, indexes }) => sum + (indexes === undefined ? Math.ceil(jobs.length / mostTasks) : 1),
      0,
    );
    if (best === undefined || count < best.count) best = { clusters, count };
  }
  return best?.clusters ?? [];
}

function listWaits(list: DependencyList, places: ReadonlyMap<JobId, TaskReference>): ReadonlyMap<JobId, Wait> {
  return new Map(
    list.flatMap(({ id, kind }): [JobId, Wait][] => {
      const place = places.get(id);
      return place === undefined ? [] : [[id, { ...place, kind }]];
    }),
  );
}

/** More upstream stages than this are not told apart: each is tried on all jobs. */
const MOST_CHOICES = 8;

function chooseByUpstream(
  { byDependencies }: JobGroup,
  waits: ReadonlyMap<DependencyList, ReadonlyMap<JobId, Wait>>,
): Choice[] {
  // The position in a job's own list tells its wires apart: a stage's jobs all have the same ones.
  const most = Math.max(0, ...[...byDependencies.keys()].map((list) => list.length));
  if (most < 2 || most > MOST_CHOICES) return [];
  const positions = new Map<Wait, number>();
  for (const ofList of waits.values())
    for (const [position, wait] of [...ofList.values()].entries()) positions.set(wait, position);
  return Array.from({ length: most }, (_, position) => (wait: Wait) => positions.get(wait) === position);
}

function chooseOwn({ byDependencies }: JobGroup): Choice {
  const uses = new Map<JobId, number>();
  for (const [list, jobs] of byDependencies) for (const { id } of list) uses.set(id, (uses.get(id) ?? 0) + jobs.length);
  return (_, id) => uses.get(id) === 1;
}

interface OpenCluster {
  readonly corresponding: readonly number[];
  readonly rest: readonly Wait[];
  readonly jobs: SchedulableJob[];
  readonly indexes: number[];
}

function partition(
  { jobs }: JobGroup,
  waits: ReadonlyMap<DependencyList, ReadonlyMap<JobId, Wait>>,
  choice: Choice,
): Cluster[] {
  const signatures = new Map([...waits].map(([list, ofList]) => [list, sign(ofList, choice)]));
  const clusters = new Map<string, OpenCluster>();
  const claims = new Map<string, number>();
  for (const job of jobs) {
    const signature = signatures.get(job.dependsOn);
    if (signature === undefined) continue;
    const { key, index, ...wait } = signature;
    // An index is taken once: the second consumer of one task goes to a second array.
    const claim = `${key} ${index ?? ""}`;
    const ordinal = index === undefined ? 0 : (claims.get(claim) ?? 0);
    claims.set(claim, ordinal + 1);
    const place = `${key} ${ordinal}`;
    const cluster = clusters.get(place) ?? { ...wait, jobs: [], indexes: [] };
    clusters.set(place, cluster);
    cluster.jobs.push(job);
    if (index !== undefined) cluster.indexes.push(index);
  }
  return [...clusters.values()].map(({ indexes, ...cluster }) =>
    indexes.length === 0 ? cluster : { ...cluster, indexes },
  );
}

interface Signature {
  readonly key: string;
  readonly corresponding: readonly number[];
  readonly rest: readonly Wait[];
  readonly index?: number;
}

/** What is waited for by index must be successes at one index; otherwise everything is waited for by name. */
function sign(waits: ReadonlyMap<JobId, Wait>, choice: Choice): Signature {
  const entries = [...waits];
  const byIndex = entries.flatMap(([id, wait]) =>
    wait.kind === "hard" && wait.index !== undefined && choice(wait, id) ? [wait] : [],
  );
  const indexes = new Set(byIndex.map((wait) => wait.index));
  const [index] = indexes;
  if (index === undefined || indexes.size > 1) return signRest([], [...waits.values()]);
  const chosen = new Set(byIndex);
  const rest = entries.flatMap(([, wait]) => (chosen.has(wait) ? [] : [wait]));
  const corresponding = byIndex.map((wait) => wait.batch).toSorted((left, right) => left - right);
  return { ...signRest(corresponding, rest), index };
}

function signRest(corresponding: readonly number[], rest: readonly Wait[]): Signature {
  const names = rest.map(({ kind, batch, index }) => `${kind}:${batch}_${index ?? ""}`).toSorted();
  return { key: `${corresponding.join(":")} ${names.join(",")}`, corresponding, rest };
}
