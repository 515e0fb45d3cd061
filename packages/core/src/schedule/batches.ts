// Groups jobs into SLURM job arrays. Pure. A batch holds jobs of one stage with equal resources and equal dependencies,
// so that a failure upstream keeps exactly its own dependants from running.
import type { JobId } from "../model/ids.ts";
import type { JobResources } from "../target/config/resources.ts";

/** A job as the scheduler sees it: which other jobs of this submission it waits for, and how. */
export interface SchedulableJob {
  readonly id: JobId;
  readonly stage: string;
  /** Path of the program, relative to the target's `artifacts/`. */
  readonly executable: string;
  readonly resources: JobResources;
  /** Jobs of the same submission, or of those that have a place already; `hard` needs their success, `soft` their end. */
  readonly dependsOn: readonly { readonly id: JobId; readonly kind: "hard" | "soft" }[];
}

/** One job array: its tasks by array index, and what it waits for. */
export interface Batch {
  readonly number: number;
  readonly stage: string;
  readonly resources: JobResources;
  readonly tasks: ReadonlyMap<number, SchedulableJob>;
  readonly dependency: BatchDependency;
}

/** Task by task on the same index of another array (`aftercorr`), or on all that is listed (`afterok`, `afterany`). */
export type BatchDependency =
  | { readonly kind: "none" }
  | { readonly kind: "aftercorr"; readonly batch: number }
  | { readonly kind: "after"; readonly ok: readonly TaskReference[]; readonly any: readonly TaskReference[] };

/** A task of a batch, or the whole batch when no index is given. */
export interface TaskReference {
  readonly batch: number;
  readonly index?: number;
}

/** SLURM's default MaxArraySize is 1001, which makes 1000 the highest index (slurm.conf(5)). */
const MAX_INDEX = 1000;

interface OpenBatch {
  readonly number: number;
  readonly first: SchedulableJob;
  readonly corresponding: number | undefined;
  readonly tasks: Map<number, SchedulableJob>;
}

/**
 * Groups jobs, given in topological order, into as few batches as their dependencies allow. `awaited` are tasks of arrays that
 * are in the queue already, under numbers that no batch has.
 */
export function planBatches(
  jobs: readonly SchedulableJob[],
  awaited: ReadonlyMap<JobId, TaskReference> = new Map(),
): Batch[] {
  const open: OpenBatch[] = [];
  const latest = new Map<string, OpenBatch>();
  const places = new Map<JobId, TaskReference>(awaited);
  const claimed = new Map<string, number>();
  for (const job of jobs) {
    const upstream = findSinglePlace(job, places);
    const key = JSON.stringify([job.stage, job.resources, upstream === undefined ? listDependencies(job) : ""]);
    const batch =
      upstream === undefined ? fillBatch(job, key, latest, open) : joinBatch(job, upstream, key, claimed, latest, open);
    places.set(job.id, { batch: batch.number, index: batch.index });
  }
  return open.map((batch) => ({
    number: batch.number,
    stage: batch.first.stage,
    resources: batch.first.resources,
    tasks: batch.tasks,
    dependency: renderDependency(batch, places, open),
  }));
}

/** Where the one hard dependency of a job has its place; undefined when there is none, a soft one, or several. */
function findSinglePlace(
  job: SchedulableJob,
  places: ReadonlyMap<JobId, TaskReference>,
): { batch: number; index: number } | undefined {
  const [only, ...others] = job.dependsOn;
  if (only === undefined || others.length > 0 || only.kind === "soft") return undefined;
  const { batch, index } = places.get(only.id) ?? {};
  return batch === undefined || index === undefined ? undefined : { batch, index };
}

function listDependencies(job: SchedulableJob): string[] {
  return job.dependsOn.map(({ id, kind }) => `${kind}:${id}`).toSorted();
}

function openBatch(job: SchedulableJob, corresponding: number | undefined, open: OpenBatch[]): OpenBatch {
  const batch = { number: open.length + 1, first: job, corresponding, tasks: new Map<number, SchedulableJob>() };
  open.push(batch);
  return batch;
}

function fillBatch(
  job: SchedulableJob,
  key: string,
  latest: Map<string, OpenBatch>,
  open: OpenBatch[],
): { number: number; index: number } {
  let batch = latest.get(key);
  if (batch === undefined || batch.tasks.size >= MAX_INDEX) {
    batch = openBatch(job, undefined, open);
    latest.set(key, batch);
  }
  const index = batch.tasks.size + 1;
  batch.tasks.set(index, job);
  return { number: batch.number, index };
}

/** Takes the index of the upstream task; the second consumer of one task goes to a second batch. */
function joinBatch(
  job: SchedulableJob,
  upstream: { batch: number; index: number },
  key: string,
  claimed: Map<string, number>,
  latest: Map<string, OpenBatch>,
  open: OpenBatch[],
): { number: number; index: number } {
  const claim = `${key} ${upstream.batch} ${upstream.index}`;
  const ordinal = claimed.get(claim) ?? 0;
  claimed.set(claim, ordinal + 1);
  const place = `${key} ${upstream.batch} #${ordinal}`;
  let batch = latest.get(place);
  if (batch === undefined) {
    batch = openBatch(job, upstream.batch, open);
    latest.set(place, batch);
  }
  batch.tasks.set(upstream.index, job);
  return { number: batch.number, index: upstream.index };
}

function renderDependency(
  batch: OpenBatch,
  places: ReadonlyMap<JobId, TaskReference>,
  open: readonly OpenBatch[],
): BatchDependency {
  if (batch.corresponding !== undefined) return { kind: "aftercorr", batch: batch.corresponding };
  if (batch.first.dependsOn.length === 0) return { kind: "none" };
  const ofKind = (kind: "hard" | "soft"): TaskReference[] =>
    gatherReferences(
      batch.first.dependsOn.filter((dependency) => dependency.kind === kind).map(({ id }) => id),
      places,
      open,
    );
  return { kind: "after", ok: ofKind("hard"), any: ofKind("soft") };
}

/** Names whole batches where every task of one is meant, single tasks otherwise. */
function gatherReferences(
  ids: readonly JobId[],
  places: ReadonlyMap<JobId, TaskReference>,
  open: readonly OpenBatch[],
): TaskReference[] {
  const wanted = new Map<number, Set<number>>();
  const whole: TaskReference[] = [];
  for (const id of ids) {
    const { batch, index } = places.get(id) ?? {};
    if (batch === undefined) continue;
    if (index === undefined) whole.push({ batch });
    else wanted.set(batch, (wanted.get(batch) ?? new Set()).add(index));
  }
  const tasks = [...wanted].flatMap(([number, indexes]): TaskReference[] =>
    indexes.size === open[number - 1]?.tasks.size
      ? [{ batch: number }]
      : [...indexes].toSorted((left, right) => left - right).map((index) => ({ batch: number, index })),
  );
  return [...whole, ...tasks];
}
