// What the coordinator makes of time that passes: silence, sweeps, limits on waiting. Pure: no I/O, no clock.
import { isFinal, type JobId, type JobRecord, type Silence, type Submission } from "@repx/core/model";

/** What is kept of a submission's word. Times are milliseconds since 1970. */
export interface Watch {
  /** When the relay last said anything. */
  readonly lastWordAt: number;
  /** How often the login node was asked for a sweep since then, and when last. */
  readonly sweeps: number;
  readonly sweptAt: number;
  /** When a job last began or ended, or the submission was made; and whether one runs now. */
  readonly movedAt: number;
  readonly isRunning: boolean;
  /** The submission of a later push that took this one's place, where the policy is to cancel then. */
  readonly supersededBy: string | null;
}

/** What stands still while a submission is watched. */
export interface WatchFrame {
  readonly expiresAt: number;
  /** Longest time in which jobs wait and none begins or ends, where there is a limit. */
  readonly maxQueueHours?: number | undefined;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The relay says something every ten minutes: this long without a word, four were missed. */
export const SILENT_AFTER_MS = 45 * MINUTE_MS;
/** After this long the open jobs are given up; what comes then still corrects the checks. */
export const LOST_AFTER_MS = 24 * HOUR_MS;
/** A token's last day: what has not ended by then ends without a word. */
const LAST_CALL_MS = 24 * HOUR_MS;
const MAX_SWEEPS = 6;

/** Says whether a submission is silent, and for how long it has been. */
export function readSilence(watch: Watch, frame: WatchFrame, now: number): Silence | undefined {
  const isLate = now >= frame.expiresAt - LAST_CALL_MS;
  if (now < watch.lastWordAt + SILENT_AFTER_MS && !isLate) return undefined;
  return {
    since: new Date(watch.lastWordAt).toISOString(),
    isAsked: watch.sweeps > 0,
    isLost: isLate || now >= watch.lastWordAt + LOST_AFTER_MS,
  };
}

/** When the login node is to be asked for the next sweep: later each time, and not for ever. */
export function planSweep(watch: Watch): number | undefined {
  if (watch.sweeps >= MAX_SWEEPS) return undefined;
  const silentAt = watch.lastWordAt + SILENT_AFTER_MS;
  return watch.sweeps === 0 ? silentAt : Math.max(silentAt, watch.sweptAt + HOUR_MS * 2 ** (watch.sweeps - 1));
}

/** Names what has changed by time alone; when it is another than before, there is something to tell. */
export function namePhase(watch: Watch, frame: WatchFrame, now: number): string {
  const silence = readSilence(watch, frame, now);
  const words = [
    silence === undefined ? "heard" : silence.isLost ? "lost" : silence.isAsked ? "asked" : "silent",
    ...(isQueueOver(watch, frame, now) ? ["queue"] : []),
    ...(watch.supersededBy === null ? [] : ["superseded"]),
  ];
  return words.join(" ");
}

/** When time alone changes something next; nothing does for a submission whose jobs have all ended. */
export function planWatch(watch: Watch, frame: WatchFrame, now: number): number | undefined {
  const times = [
    watch.lastWordAt + SILENT_AFTER_MS,
    watch.lastWordAt + LOST_AFTER_MS,
    frame.expiresAt - LAST_CALL_MS,
    planQueueEnd(watch, frame),
  ].filter((at): at is number => at !== undefined && at > now);
  const sweep = planSweep(watch);
  if (sweep !== undefined) times.push(Math.max(sweep, now));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Shows a submission as it stands at a time: what its relay did not tell is added to what it did. */
export function applyWatch(submission: Submission, watch: Watch, frame: WatchFrame, now: number): Submission {
  const silence = readSilence(watch, frame, now);
  const seen = silence === undefined ? submission : { ...submission, silence };
  if (watch.supersededBy !== null) {
    return closeJobs(seen, () => true, {
      state: "cancelled",
      reason: `a later push was submitted (${watch.supersededBy})`,
    });
  }
  if (!isQueueOver(watch, frame, now)) return seen;
  return closeJobs(seen, ({ state }) => state === "queued", {
    state: "infrastructure",
    reason: `more than ${frame.maxQueueHours} h in the queue`,
  });
}

function planQueueEnd({ movedAt, isRunning }: Watch, { maxQueueHours }: WatchFrame): number | undefined {
  return maxQueueHours === undefined || isRunning ? undefined : movedAt + maxQueueHours * HOUR_MS;
}

function isQueueOver(watch: Watch, frame: WatchFrame, now: number): boolean {
  const end = planQueueEnd(watch, frame);
  return end !== undefined && now >= end;
}

function closeJobs(
  submission: Submission,
  isClosed: (record: JobRecord) => boolean,
  end: Pick<JobRecord, "state" | "reason">,
): Submission {
  const records = new Map<JobId, JobRecord>();
  for (const [id, record] of submission.records) {
    records.set(id, isFinal(record.state) || !isClosed(record) ? record : { ...record, ...end });
  }
  return { ...submission, records };
}
