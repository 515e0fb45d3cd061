// Judges runs by the states of their jobs. No I/O, no clock. A run of which a job did not run has never passed.
import type { JobId, RunName } from "./ids.ts";
import { isFinal, isSuccess } from "./job-state.ts";
import type { JobState, Verdict } from "./protocol.ts";
import { jobsOf, recordOf, type RunRecords } from "./submission.ts";

/** A way in which a job did not succeed; `unknown` where nobody tells how it ended, or why it was not run. */
export type Trouble = Exclude<JobState, "queued" | "running" | "succeeded" | "reused" | "skipped"> | "unknown";

/** What a run's verdict rests on. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly counts: ReadonlyMap<JobState, number>;
  readonly total: number;
  /** How many open jobs are given up because nothing was heard of them for too long. */
  readonly lost: number;
  /** The troubles of its jobs; of a job that was not run, those of the upstream jobs that are the cause. */
  readonly troubles: ReadonlySet<Trouble>;
}

/** The first that is there decides. */
const DECIDING: readonly (readonly [Trouble, Verdict])[] = [
  ["failed", "failed"],
  ["out_of_memory", "resources"],
  ["timed_out", "resources"],
  ["cancelled", "cancelled"],
  ["unknown", "unknown"],
  ["infrastructure", "infrastructure"],
];

/** Judges one run. A run that is not there has nothing to run, as one without jobs. */
export function judgeRun(submission: RunRecords, name: RunName): Judgement {
  const jobs = jobsOf(submission, name);
  const counts = countStates(submission, jobs);
  const open = (counts.get("queued") ?? 0) + (counts.get("running") ?? 0);
  const isLost = submission.silence?.isLost === true;
  const troubles = new Set<Trouble>([...counts.keys()].flatMap((state) => readTrouble(state) ?? []));
  const judged = { counts, total: jobs.length, lost: isLost ? open : 0, troubles };
  if (open > 0 && !isLost) return { ...judged, verdict: hasBegun(counts) ? "running" : "queued" };
  if (open > 0) troubles.add("unknown");
  const causes = findCauses(submission, jobs);
  for (const cause of causes.troubles) troubles.add(cause);
  if (troubles.size === 0 && causes.skipped > 0) {
    // SLURM takes a job away the moment an upstream one ends; the word of that end may come after this one's.
    if (causes.isOpen && !isLost) return { ...judged, verdict: "running" };
    troubles.add("unknown");
  }
  return { ...judged, verdict: DECIDING.find(([trouble]) => troubles.has(trouble))?.[1] ?? "passed" };
}

/** Tells whether nothing more is expected of a run with this verdict. */
export function isOver(verdict: Verdict): boolean {
  return verdict !== "queued" && verdict !== "running";
}

/** Tells whether every run is over. */
export function isConcluded(submission: RunRecords): boolean {
  return submission.runs.every(({ name }) => isOver(judgeRun(submission, name).verdict));
}

/** Reads in what way a job in this state did not succeed; undefined for one that did, is open, or was not run. */
export function readTrouble(state: JobState): Trouble | undefined {
  if (state === "queued" || state === "running" || state === "skipped") return undefined;
  return state === "succeeded" || state === "reused" ? undefined : state;
}

/** The upstream jobs that kept jobs from running, nearest first, each once, and whether one that may be is open. */
export function findBlockers(
  submission: RunRecords,
  skipped: readonly JobId[],
): { readonly jobs: readonly JobId[]; readonly isOpen: boolean } {
  if (submission.jobs === undefined) {
    const others = [...submission.records].filter(([, { state }]) => readTrouble(state) !== undefined);
    return { jobs: others.map(([id]) => id), isOpen: [...submission.records.values()].some(isOpenRecord) };
  }
  // A set is walked in the order in which it grows.
  const upstream = new Set<JobId>();
  for (const id of skipped) for (const next of submission.jobs.get(id)?.dependsOn ?? []) upstream.add(next);
  const jobs: JobId[] = [];
  let isOpen = false;
  for (const next of upstream) {
    const record = recordOf(submission, next);
    if (record.state === "skipped")
      for (const further of submission.jobs.get(next)?.dependsOn ?? []) upstream.add(further);
    else if (isOpenRecord(record)) isOpen = true;
    else if (!isSuccess(record.state)) jobs.push(next);
  }
  return { jobs, isOpen };
}

function isOpenRecord({ state }: { readonly state: JobState }): boolean {
  return !isFinal(state);
}

function countStates(submission: RunRecords, jobs: readonly JobId[]): Map<JobState, number> {
  const counts = new Map<JobState, number>();
  for (const job of jobs) {
    const { state } = recordOf(submission, job);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}

/** What was reused was there before the run began. */
function hasBegun(counts: ReadonlyMap<JobState, number>): boolean {
  return [...counts.keys()].some((state) => state !== "queued" && state !== "reused");
}

interface Causes {
  readonly skipped: number;
  readonly troubles: ReadonlySet<Trouble>;
  readonly isOpen: boolean;
}

function findCauses(submission: RunRecords, jobs: readonly JobId[]): Causes {
  const skipped = jobs.filter((id) => recordOf(submission, id).state === "skipped");
  if (skipped.length === 0) return { skipped: 0, troubles: new Set(), isOpen: false };
  const blockers = findBlockers(submission, skipped);
  const troubles = new Set(blockers.jobs.flatMap((id) => readTrouble(recordOf(submission, id).state) ?? []));
  return { skipped: skipped.length, troubles, isOpen: blockers.isOpen };
}
