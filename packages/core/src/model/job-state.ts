// Folds what is reported of a job into its state. No I/O, no clock; order, loss and repetition of events do not
// matter: the fold takes the best evidence of the latest attempt.
import type { EventId } from "./ids.ts";
import type { JobEvent, JobState, SlurmState } from "./protocol.ts";

/** The event that something rests on. */
export interface Evidence {
  readonly id: EventId;
  readonly at: string;
  readonly weight: number;
}

/** What one event tells of its attempt. */
export interface AttemptWord {
  readonly state: JobState;
  /** Absent before the first event. */
  readonly evidence?: Evidence | undefined;
  /** SLURM's own word, which says more than `state`: `NODE_FAIL`, `PREEMPTED`. */
  readonly slurmState?: SlurmState | undefined;
  readonly reason?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: number | undefined;
  readonly node?: string | undefined;
  readonly elapsedSeconds?: number | undefined;
  /** What it was given over all its nodes, and what it was given and held at most on one. */
  readonly cpus?: number | undefined;
  readonly nodes?: number | undefined;
  readonly memoryMebibytes?: number | undefined;
  readonly peakMebibytes?: number | undefined;
}

/** An attempt that another one followed. */
export interface EarlierAttempt extends AttemptWord {
  readonly attempt: number;
  readonly startedAt?: string | undefined;
  /** The word that it would be followed, where its own end is known beside. */
  readonly requeue?: Pick<AttemptWord, "evidence" | "reason"> | undefined;
}

/** A job's state with the evidence for it, and the attempts before the last one. */
export interface JobRecord extends AttemptWord {
  readonly attempt: number;
  readonly startedAt?: string | undefined;
  readonly logTail?: string | undefined;
  readonly metricsText?: string | undefined;
  /** How the attempt ended that is queued again. */
  readonly ended?: AttemptWord | undefined;
  /** In their order; those that nothing was heard of are missing. */
  readonly earlier?: readonly EarlierAttempt[] | undefined;
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

const REQUEUED_WEIGHT = 4;

/**
 * How much one event tells of its attempt. An end outweighs a start; an end that was only assumed, because the job was
 * never handed over (SLURM id 0), gives way to a true one; and where another attempt follows, no end of this one is the last word.
 */
function weigh(event: JobEvent): number {
  if (event.state === "REQUEUED") return REQUEUED_WEIGHT;
  const state = readState(event);
  if (state === "queued") return 0;
  if (state === "running") return 1;
  return event.slurmId === "0" ? 2 : 3;
}

/** Takes one event into a job's record; the same events in any order, any number of times, give the same record. */
export function step(record: JobRecord, event: JobEvent): JobRecord {
  if (record.state === "reused") return record;
  if (event.attempt === record.attempt) return takeEvent(record, event);
  if (event.attempt < record.attempt) return takeLateEvent(record, event);
  const earlier = record.attempt === 0 ? record.earlier : [...(record.earlier ?? []), archive(record)];
  return takeEvent({ state: "queued", attempt: event.attempt, ...(earlier !== undefined && { earlier }) }, event);
}

/** Takes an event of the record's own attempt. */
function takeEvent(record: JobRecord, event: JobEvent): JobRecord {
  const startedAt = earliest(record.startedAt, event.state === "RUNNING" ? event.at : undefined);
  const word = readWord(event);
  if (isStronger(word, record.evidence)) {
    const ended = event.state !== "REQUEUED" ? undefined : isRequeued(record) ? record.ended : pickEnd(record);
    return {
      ...word,
      attempt: record.attempt,
      startedAt,
      logTail: event.logTail,
      metricsText: event.metricsText,
      ...(ended !== undefined && { ended }),
      ...(record.earlier !== undefined && { earlier: record.earlier }),
    };
  }
  // A start that arrives after its end still tells when the attempt began, and an end after its requeue how it ended.
  const isEnd = isRequeued(record) && isFinal(word.state) && isStronger(word, record.ended?.evidence);
  if (!isEnd && startedAt === record.startedAt) return record;
  return { ...record, startedAt, ...(isEnd && { ended: word }) };
}

/** Takes an event of an attempt that was followed already. */
function takeLateEvent(record: JobRecord, event: JobEvent): JobRecord {
  const known = record.earlier?.find(({ attempt }) => attempt === event.attempt);
  const before: JobRecord = known === undefined ? { state: "queued", attempt: event.attempt } : restore(known);
  const after = takeEvent(before, event);
  if (after === before) return record;
  const others = record.earlier?.filter((attempt) => attempt !== known) ?? [];
  const earlier = [...others, archive(after)].toSorted((left, right) => left.attempt - right.attempt);
  return { ...record, earlier };
}

/** Keeps of an attempt what is told of it when another one has followed: its own end, where that is known. */
function archive(record: JobRecord): EarlierAttempt {
  const { attempt, startedAt, ended, evidence, reason } = record;
  if (ended === undefined) return { ...pickWord(record), attempt, startedAt };
  return { ...ended, attempt, startedAt, requeue: { evidence, reason } };
}

/** Undoes `archive`, so that late events meet what earlier ones would have met. */
function restore(earlier: EarlierAttempt): JobRecord {
  const { attempt, startedAt, requeue } = earlier;
  if (requeue === undefined) return earlier;
  return { state: "queued", slurmState: "REQUEUED", attempt, startedAt, ...requeue, ended: pickWord(earlier) };
}

function readWord(event: JobEvent): AttemptWord {
  return {
    state: readState(event),
    evidence: { id: event.id, at: event.at, weight: weigh(event) },
    slurmState: event.state,
    reason: event.reason,
    exitCode: event.exitCode,
    signal: event.signal,
    node: event.node,
    elapsedSeconds: event.elapsedSeconds,
    cpus: event.cpus,
    nodes: event.nodes,
    memoryMebibytes: event.memoryMebibytes,
    peakMebibytes: event.peakMebibytes,
  };
}

function pickWord(record: AttemptWord): AttemptWord {
  const { state, evidence, slurmState, reason, exitCode, signal, node, elapsedSeconds } = record;
  const { cpus, nodes, memoryMebibytes, peakMebibytes } = record;
  const given = { cpus, nodes, memoryMebibytes, peakMebibytes };
  return { state, evidence, slurmState, reason, exitCode, signal, node, elapsedSeconds, ...given };
}

/** What a record says of its attempt's end; nothing while it has none. */
function pickEnd(record: JobRecord): AttemptWord | undefined {
  return isFinal(record.state) ? pickWord(record) : undefined;
}

function isRequeued({ evidence }: AttemptWord): boolean {
  return evidence?.weight === REQUEUED_WEIGHT;
}

/** Compares by weight, then time; the id decides between equals, so that no order of arrival does. */
function isStronger({ evidence: word }: AttemptWord, evidence: Evidence | undefined): boolean {
  if (word === undefined || evidence === undefined) return true;
  const weights = word.weight - evidence.weight;
  if (weights !== 0) return weights > 0;
  const [left, right] = [padTime(word.at), padTime(evidence.at)];
  return left === right ? word.id > evidence.id : left > right;
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
