// Folds what is reported of a job into its state. No I/O, no clock; order, loss and repetition of events do not
// matter: the fold takes the best evidence of the latest attempt.
import type { EventId } from "./ids.ts";
import type { JobEvent, JobState, SlurmState } from "./protocol.ts";

/** A job's state with the evidence for it. */
export interface JobRecord {
  readonly state: JobState;
  readonly attempt: number;
  /** The event that the state rests on; absent before the first one. */
  readonly evidence?: { readonly id: EventId; readonly at: string; readonly weight: number } | undefined;
  readonly reason?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: number | undefined;
  readonly node?: string | undefined;
  readonly startedAt?: string | undefined;
  readonly elapsedSeconds?: number | undefined;
  readonly logTail?: string | undefined;
  readonly metricsText?: string | undefined;
}

const FINAL: ReadonlySet<JobState> = new Set([
  "succeeded",
  "reused",
  "failed",
  "timed_out",
  "out_of_memory",
  "cancelled",
  "skipped",
  "infrastructure",
]);

/** Tells whether nothing more is expected of a job in this state. */
export function isFinal(state: JobState): boolean {
  return FINAL.has(state);
}

/** Tells whether a job in this state left results to use. */
export function isSuccess(state: JobState): boolean {
  return state === "succeeded" || state === "reused";
}

const STATE_OF: Record<SlurmState, JobState> = {
  PENDING: "queued",
  REQUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "succeeded",
  FAILED: "failed",
  TIMEOUT: "timed_out",
  DEADLINE: "timed_out",
  OUT_OF_MEMORY: "out_of_memory",
  CANCELLED: "cancelled",
  NODE_FAIL: "infrastructure",
  BOOT_FAIL: "infrastructure",
  PREEMPTED: "infrastructure",
};

/** Says what one event, alone, tells of its job. */
export function readState(event: JobEvent): JobState {
  // SLURM cancels a job whose dependency can no longer be met; it never ran (sbatch(1), --kill-on-invalid-dep).
  if (event.state === "CANCELLED" && event.reason === "DependencyNeverSatisfied") return "skipped";
  // SLURM itself, or root, took it away before it began: nobody's wish for this job.
  if (event.state === "CANCELLED" && event.reason === "CancelledBy:0" && event.elapsedSeconds === 0)
    return "infrastructure";
  // The state of one of its steps, which SLURM does not always pass on to the job.
  if (event.state === "FAILED" && event.reason === "OutOfMemory") return "out_of_memory";
  // The marker is the wrapper's word that every output is in place; exit code 0 without it is not a success.
  if (event.state === "COMPLETED" && event.marker !== "SUCCESS") return "infrastructure";
  return STATE_OF[event.state];
}

/**
 * How much one event tells of its attempt. An end outweighs a start; an end that was only assumed, because the job was
 * never handed over (SLURM id 0), gives way to a true one; and where another attempt follows, no end of this one is the last word.
 */
function weigh(event: JobEvent): number {
  if (event.state === "REQUEUED") return 4;
  const state = readState(event);
  if (state === "queued") return 0;
  if (state === "running") return 1;
  return event.slurmId === "0" ? 2 : 3;
}

/** Takes one event into a job's record; the same events in any order, any number of times, give the same record. */
export function step(record: JobRecord, event: JobEvent): JobRecord {
  if (record.state === "reused") return record;
  const isSameAttempt = event.attempt === record.attempt;
  const start = event.state === "RUNNING" ? event.at : undefined;
  const startedAt = earliest(isSameAttempt ? record.startedAt : undefined, start);
  // A start that arrives after its end still tells when the attempt began.
  if (!isStronger(event, record)) return isSameAttempt && startedAt !== undefined ? { ...record, startedAt } : record;
  return {
    state: readState(event),
    attempt: event.attempt,
    evidence: { id: event.id, at: event.at, weight: weigh(event) },
    reason: event.reason,
    exitCode: event.exitCode,
    signal: event.signal,
    node: event.node,
    startedAt,
    elapsedSeconds: event.elapsedSeconds,
    logTail: event.logTail,
    metricsText: event.metricsText,
  };
}

/** Compares by attempt, then weight, then time; the id decides between equals, so that no order of arrival does. */
function isStronger(event: JobEvent, { attempt, evidence }: JobRecord): boolean {
  if (event.attempt !== attempt || evidence === undefined) return event.attempt >= attempt;
  const weights = weigh(event) - evidence.weight;
  if (weights !== 0) return weights > 0;
  const [left, right] = [padTime(event.at), padTime(evidence.at)];
  return left === right ? event.id > evidence.id : left > right;
}

function earliest(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  // Of two spellings of one time the shorter text, so that their order does not matter.
  const [first, second] = [padTime(left), padTime(right)];
  if (first === second) return left.length <= right.length ? left : right;
  return first < second ? left : right;
}

/** Gives a UTC time nine digits of a second, so that times compare as texts: `…00Z` lies before `…00.5Z`. */
function padTime(at: string): string {
  const [whole = "", fraction = ""] = at.replace(/Z$/, "").split(".");
  return `${whole}.${fraction.padEnd(9, "0")}`;
}
