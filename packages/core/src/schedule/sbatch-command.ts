import type { SubmissionId } from "../model/ids.ts";
import { quoteShell } from "../target/command/quote.ts";
import type { JobResources } from "../target/config/resources.ts";
import { DEFAULT_MOST_TASKS, type Batch, type BatchDependency, type TaskReference } from "./batches.ts";
import type { RetryLadder } from "./retry-ladder.ts";

/** Where a submission lies on the target and which programs it runs. */
export interface SubmissionPlace {
  readonly id: SubmissionId;
  readonly basePath: string;
  /** Folder of the deployed programs, `<base>/bin/<hash>`. */
  readonly programs: string;
  /** How many tasks of one array may run at once. */
  readonly arrayThrottle?: number;
  /** How many tasks an array may have; SLURM's default where it is not known. */
  readonly mostTasks?: number;
}

/**
 * Renders the arguments of `sbatch` for one batch (sbatch(1)), a line each in `batches/<n>.sbatch`. Where a dependency needs
 * SLURM's id of another batch stands `@<its number>`; repx-submit fills it in. `awaited` are arrays of other submissions.
 * The work folder ends in the submission's id: an epilog knows from it whose doorbell to ring.
 */
export function renderSbatchArguments(
  batch: Batch,
  place: SubmissionPlace,
  awaited: ReadonlyMap<number, string> = new Map(),
  retries?: RetryLadder,
): string[] {
  const dependency = renderDependency(batch.dependency, awaited);
  const throttle = place.arrayThrottle === undefined ? "" : `%${place.arrayThrottle}`;
  return [
    ...renderWishes(
      batch.scatters === undefined ? batch.stage : `${batch.stage}-scatter`,
      batch.resources,
      renderRetryOptions(retries),
    ),
    // After the options of others, the last one counts: by these three the submission is found, the epilog's bell rung, the task told.
    `--comment=repx:${place.id}:${batch.number}`,
    `--chdir=${place.basePath}/submissions/${place.id}`,
    `--array=${renderIndexes([...batch.tasks.keys()])}${throttle}`,
    // Few sites set kill_invalid_depend; without either, dependants of a failed job pend for ever.
    ...(dependency === "" ? [] : [`${DEPENDENCY}${dependency}`, "--kill-on-invalid-dep=yes"]),
  ];
}

/** How long before its limit of time a job hears of it; SLURM may be a minute early (sbatch(1)). */
const WARNING_SECONDS = 60;

/** Without a policy the site decides (JobRequeue). A retry is a requeue as well, so only a policy without any forbids them. */
function renderRetryOptions(retries: RetryLadder | undefined): string[] {
  if (retries === undefined) return [];
  return [
    retries.count === 0 && retries.infrastructure === 0 ? "--no-requeue" : "--requeue",
    ...(retries.minutes.length === 0 ? [] : [`--signal=B:USR1@${WARNING_SECONDS}`]),
  ];
}

/**
 * Renders the arguments for the work items of a job, a line each in `jobs/<job>/items.sbatch`. The scatter's task fills in their
 * indexes, at most `mostTasks` an array, and adds what must come after the options of others.
 */
export function renderItemsArguments(stage: string, resources: JobResources, place: SubmissionPlace): string[] {
  const throttle = place.arrayThrottle === undefined ? "" : `%${place.arrayThrottle}`;
  return [...renderWishes(`${stage}-items`, resources), `--array=@${place.mostTasks ?? DEFAULT_MOST_TASKS}${throttle}`];
}

/** Renders the script of a work item's task: the scatter's task names the job and the array's first branch. */
export function renderItemsScript(batch: number, place: SubmissionPlace): string {
  const command = quoteShell([`${place.programs}/repx-part`, place.basePath, place.id, String(batch), "items"]);
  return `#!/bin/sh\nexec ${command} "$@"\n`;
}

function renderWishes(name: string, resources: JobResources, more: readonly string[] = []): string[] {
  const { partition, cpusPerTask, mem, time, sbatchOpts } = resources;
  return [
    "--parsable",
    `--job-name=${name.replaceAll(/[^A-Za-z0-9._+-]/g, "_")}`,
    // The wrapper keeps the logs in the job's own folder.
    "--output=/dev/null",
    "--error=/dev/null",
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(cpusPerTask === undefined ? [] : [`--cpus-per-task=${cpusPerTask}`]),
    ...(mem === undefined ? [] : [`--mem=${mem}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...more,
    ...sbatchOpts,
  ];
}

/** How the argument begins in which `@<number>` stands for ids. */
const DEPENDENCY = "--dependency=";

/** Renders the batch script: it only hands over to the job wrapper. */
export function renderBatchScript(batch: Batch, place: SubmissionPlace): string {
  const { number, scatters } = batch;
  const [program, ...more] =
    scatters === undefined ? ["repx-job", String(number)] : ["repx-part", String(scatters), "scatter"];
  const command = quoteShell([`${place.programs}/${program}`, place.basePath, place.id, ...more]);
  return `#!/bin/sh\nexec ${command}\n`;
}

/** Renders array indexes as ranges: 1, 2, 3, 7 become `1-3,7`. */
export function renderIndexes(indexes: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const index of indexes.toSorted((left, right) => left - right)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

function renderDependency({ corresponding, ok, any }: BatchDependency, awaited: ReadonlyMap<number, string>): string {
  const byIndex = corresponding.map((batch) => ({ batch }));
  const render = (kind: string, references: readonly TaskReference[]): string[] =>
    references.length === 0 ? [] : [[kind, ...references.map((one) => renderReference(one, awaited))].join(":")];
  return [...render("aftercorr", byIndex), ...render("afterok", ok), ...render("afterany", any)].join(",");
}

function renderReference({ batch, index }: TaskReference, awaited: ReadonlyMap<number, string>): string {
  return `${awaited.get(batch) ?? `@${batch}`}${index === undefined ? "" : `_${index}`}`;
}
