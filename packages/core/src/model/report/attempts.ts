// The attempts of jobs that had more than one.
import type { JobId } from "../ids.ts";
import type { AttemptWord, EarlierAttempt, JobRecord } from "../job-state.ts";
import type { JobState } from "../protocol.ts";
import { recordOf, type Submission } from "../submission.ts";
import { renderEnd, renderParametersCode } from "./ends.ts";
import { escapeMarkdown } from "./markdown.ts";
import { renderSeconds, renderTime } from "./quantities.ts";
import { renderLoss } from "./title.ts";

/** One attempt of a job, as it is told. */
export interface AttemptView extends AttemptWord {
  readonly attempt: number;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  /** Whether another one followed, or will. */
  readonly isRequeued: boolean;
}

const AFTER: readonly (readonly [RegExp, JobState])[] = [
  [/after OUT_OF_MEMORY$/, "out_of_memory"],
  [/after TIMEOUT$/, "timed_out"],
];

/** Lists a job's attempts in their order, each with its own end, whatever followed it; none of a job that was reused. */
export function listAttempts(record: JobRecord): AttemptView[] {
  const earlier = (record.earlier ?? []).map((attempt) => describeAttempt(attempt, attempt.requeue?.reason, true));
  if (record.attempt === 0) return earlier;
  const { ended } = record;
  if (ended === undefined) return [...earlier, describeAttempt(record, undefined, record.slurmState === "REQUEUED")];
  const { attempt, startedAt, reason } = record;
  return [...earlier, describeAttempt({ ...ended, attempt, startedAt }, reason, true)];
}

function describeAttempt(
  attempt: EarlierAttempt | JobRecord,
  requeue: string | undefined,
  isRequeued: boolean,
): AttemptView {
  const reason = requeue ?? (attempt.slurmState === "REQUEUED" ? attempt.reason : undefined) ?? "";
  // A job that begins again with more tells in that word alone what it ran out of.
  const after = AFTER.find(([pattern]) => pattern.test(reason))?.[1];
  const state = after ?? attempt.state;
  const isOpen = state === "running" || (state === "queued" && attempt.slurmState !== "REQUEUED");
  const endedAt = isOpen ? undefined : attempt.evidence?.at;
  return { ...attempt, state, startedAt: attempt.startedAt, endedAt, isRequeued };
}

const MAX_JOBS = 20;

/** Renders the attempts of the jobs of a run that had more than one; nothing when none had. */
export function renderAttempts(submission: Submission, jobs: readonly JobId[]): string[] {
  const again = jobs.filter((id) => (recordOf(submission, id).earlier?.length ?? 0) > 0);
  if (again.length === 0) return [];
  const rows = again.slice(0, MAX_JOBS).flatMap((id) => renderRows(submission, id));
  const more = again.length > MAX_JOBS ? [`_and of ${again.length - MAX_JOBS} more jobs_`] : [];
  const head = ["| stage | parameters | attempt | node | began | took | end |", "|---|---|--:|---|---|---|---|"];
  return ["### Attempts", [...head, ...rows].join("\n"), ...more];
}

function renderRows(submission: Submission, id: JobId): string[] {
  const job = submission.jobs.get(id);
  return listAttempts(recordOf(submission, id)).map((attempt, nth) => {
    const name = nth === 0 ? [escapeMarkdown(job?.stage ?? id), renderParametersCode(job?.parameters ?? {})] : ["", ""];
    const began = attempt.startedAt === undefined ? "" : renderTime(attempt.startedAt);
    const took = attempt.elapsedSeconds === undefined ? "" : renderSeconds(attempt.elapsedSeconds);
    const cells = [...name, String(attempt.attempt), escapeMarkdown(attempt.node ?? ""), began, took];
    return `| ${[...cells, escapeMarkdown(renderAttemptEnd(attempt))].join(" | ")} |`;
  });
}

function renderAttemptEnd(attempt: AttemptView): string {
  const end =
    attempt.state === "infrastructure"
      ? ["infrastructure", renderLoss(attempt)].filter((part) => part !== undefined).join(": ")
      : attempt.state === "queued" && attempt.isRequeued
        ? "requeued"
        : renderEnd({ ...attempt, reason: attempt.isRequeued ? undefined : attempt.reason });
  return attempt.isRequeued && end !== "requeued" ? `${end}, then requeued` : end;
}
