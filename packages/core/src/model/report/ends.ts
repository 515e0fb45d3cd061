// How jobs ended, in few words.
import type { JobId } from "../ids.ts";
import type { JobRecord } from "../job-state.ts";
import { recordOf, type Submission } from "../submission.ts";
import { findBlockers } from "../verdict.ts";
import { renderCode } from "./markdown.ts";
import { renderMebibytes, renderSeconds, renderTime } from "./quantities.ts";
import { NO_RECORD, renderLoss } from "./title.ts";

/** A job's parameters as `name=value`, in the order of their names. */
export function renderParameters(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

/** What tells a job from others of its stage; nobody reads more of it than this. */
const MAX_PARAMETERS = 300;

/** A job's parameters in a code span; nothing when it has none. */
export function renderParametersCode(parameters: Readonly<Record<string, unknown>>): string {
  const text = clip(renderParameters(parameters), MAX_PARAMETERS);
  return text === "" ? "" : renderCode(text);
}

/** Cuts a text that is longer than this many characters. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** Says in a few words how a job ended. */
export function renderEnd(record: JobRecord): string {
  const state = record.state.replaceAll("_", " ");
  // These say it all; the exit code that SLURM gives with them (0:125 for OUT_OF_MEMORY) is its own, not the job's.
  if (["out_of_memory", "timed_out", "skipped"].includes(record.state)) return state;
  const exit =
    record.signal !== undefined && record.signal > 0
      ? `signal ${record.signal}`
      : record.exitCode !== undefined && record.exitCode > 0
        ? `exit code ${record.exitCode}`
        : undefined;
  // SLURM's "NonZeroExitCode" repeats the exit code, "None" says nothing.
  const reason = ["None", "NonZeroExitCode"].includes(record.reason ?? "None") ? undefined : record.reason;
  const said = reason?.replace(/^CancelledBy:/, record.state === "cancelled" ? "by uid " : "cancelled by uid ");
  return [state, exit, said].filter((part) => part !== undefined).join(", ");
}

/** Says how a job ended, with what it used where that is why, and what is known of one whose end is not. */
export function renderEndInFull(submission: Submission, record: JobRecord): string {
  if (record.state === "queued") return "no word of its end; it was waiting";
  if (record.state === "running") {
    const since =
      record.startedAt === undefined ? "" : ` since ${renderTime(record.startedAt, submission.silence?.since)}`;
    return `no word of its end; it was running${since}`;
  }
  if (record.state === "skipped") return "not run";
  const end = renderEnd(record);
  const { peakMebibytes: peak, memoryMebibytes: had, elapsedSeconds: took } = record;
  if (record.state === "out_of_memory" && had !== undefined)
    return `${end}, held ${peak === undefined ? "" : `${renderMebibytes(peak)} of `}${renderMebibytes(had)}`;
  if (record.state === "timed_out" && took !== undefined) return `${end} after ${renderSeconds(took)}`;
  const loss = record.state === "infrastructure" ? renderLoss(record) : undefined;
  if (loss === undefined) return end;
  const said = renderEnd({ ...record, reason: record.reason === NO_RECORD ? undefined : record.reason });
  return said.replace(/^infrastructure/, `infrastructure: ${loss}`);
}

/** Names the upstream jobs that kept a job from running, nearest cause first. */
export function renderBlockers(submission: Submission, id: JobId): string {
  const causes = findBlockers(submission, [id]).jobs.map((next) => {
    const stage = submission.jobs.get(next)?.stage ?? next;
    return `${stage} ${renderEnd(recordOf(submission, next))}`;
  });
  const kinds = [...new Set(causes)];
  return kinds.length === 0 ? "an upstream job did not succeed" : `upstream: ${kinds.slice(0, 3).join("; ")}`;
}
