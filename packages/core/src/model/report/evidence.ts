// What a verdict rests on, in plain words.
import type { JobId } from "../ids.ts";
import type { JobRecord } from "../job-state.ts";
import { recordOf, type Submission } from "../submission.ts";
import { findBlockers, isOver, readTrouble, type Judgement } from "../verdict.ts";
import { clip } from "./ends.ts";
import { escapeMarkdown } from "./markdown.ts";
import { renderCount, renderTime } from "./quantities.ts";
import { explainReason, readWaiting, roundUp } from "./queue.ts";
import { NO_RECORD, renderLoss } from "./title.ts";

/** Renders one line: who said what of the jobs that decide. */
export function renderEvidence(submission: Submission, jobs: readonly JobId[], judged: Judgement): string[] {
  const { verdict, total } = judged;
  if (total === 0) return ["The run has no jobs, so nothing was verified."];
  if (!isOver(verdict)) return renderProgress(submission, jobs, judged);
  if (verdict === "passed") return renderPassed(judged);
  const open = judged.lost === 0 ? [] : [renderLost(submission, judged)];
  const told = groupWords(submission, jobs);
  const says = told.length === 0 ? [] : [`the scheduler says ${told.join("; ")}`];
  return [`**Evidence:** ${[...says, ...open].join("; ") || "none"}.`];
}

function renderPassed({ counts }: Judgement): string[] {
  const ran = counts.get("succeeded") ?? 0;
  const reused = counts.get("reused") ?? 0;
  const own = `${renderCount(ran, "job")} COMPLETED and left the mark of success`;
  const old = `${renderCount(reused, "job")} had succeeded before for the same code, inputs and parameters`;
  return [`**Evidence:** ${[...(ran > 0 ? [own] : []), ...(reused > 0 ? [old] : [])].join("; ")}.`];
}

function renderProgress(submission: Submission, jobs: readonly JobId[], { counts }: Judgement): string[] {
  const running = counts.get("running") ?? 0;
  const waiting = readWaiting(submission, jobs);
  const reasons = waiting.reasons.map((reason) => {
    const meaning = explainReason(reason);
    return meaning === undefined ? reason : `${reason} (${meaning})`;
  });
  const start = waiting.startsAt === undefined ? [] : [`start expected ${renderTime(roundUp(waiting.startsAt))}`];
  const behind = waiting.queued - waiting.ready;
  const parts = [
    ...(running > 0 ? [`${renderCount(running, "job")} running`] : []),
    ...(waiting.ready > 0 ? [[`${waiting.ready} in the queue`, ...reasons, ...start].join(", ")] : []),
    ...(behind > 0 ? [`${behind} waiting for other jobs`] : []),
  ];
  const line = parts.length === 0 ? [] : [`**Now:** ${parts.join("; ")}.`];
  if (submission.silence === undefined) return line;
  const asked = submission.silence.isAsked ? "the login node has been asked to look; " : "";
  return [`**Silence:** ${asked}the jobs may run on.`, ...line];
}

function renderLost({ silence }: Submission, { lost }: Judgement): string {
  const asked = silence?.isAsked === true ? ", and the login node did not answer when it was asked" : "";
  const since = silence === undefined ? "" : ` since ${renderTime(silence.since)}`;
  return `no word${since} of ${renderCount(lost, "job")} that had not ended${asked}`;
}

const MAX_KINDS = 4;

/** Counts what was said of the jobs that did not succeed, by the same words, the most frequent first. */
function groupWords(submission: Submission, jobs: readonly JobId[]): string[] {
  const skipped = jobs.filter((id) => recordOf(submission, id).state === "skipped");
  const own = jobs.filter((id) => readTrouble(recordOf(submission, id).state) !== undefined);
  const upstream = own.length > 0 ? [] : findBlockers(submission, skipped).jobs;
  const kinds = new Map<string, number>();
  for (const id of [...own, ...upstream]) {
    const words = renderWord(recordOf(submission, id));
    kinds.set(words, (kinds.get(words) ?? 0) + 1);
  }
  const noun = upstream.length > 0 ? "upstream job" : "job";
  const sorted = [...kinds].toSorted(([, left], [, right]) => right - left);
  const shown = sorted.slice(0, MAX_KINDS).map(([words, count]) => `${words} of ${renderCount(count, noun)}`);
  return sorted.length > MAX_KINDS ? [...shown, `and ${sorted.length - MAX_KINDS} more`] : shown;
}

const MAX_WORD = 100;

/** The scheduler's word, with what it means where that is not the same. */
function renderWord(record: JobRecord): string {
  const { slurmState, state, reason, evidence } = record;
  if (evidence?.id.startsWith("abandoned.") === true)
    return `nothing (${escapeMarkdown(clip(reason ?? "never handed over", MAX_WORD))})`;
  if (reason === NO_RECORD) return "nothing of the end";
  const loss = state === "infrastructure" ? renderLoss(record) : undefined;
  const meaning = [loss?.toUpperCase() === slurmState ? undefined : loss, explainWord(record)].flatMap(
    (part) => part ?? [],
  );
  return `${slurmState ?? state}${meaning.length === 0 ? "" : ` (${meaning.join(", ")})`}`;
}

/** Says a scheduler's reason in plain words. */
function explainWord({ state, reason, exitCode, signal }: JobRecord): string | undefined {
  const uid = /^CancelledBy:(\d+)$/.exec(reason ?? "")?.[1];
  if (uid !== undefined) return `cancelled by uid ${uid}`;
  if (reason === "OutOfMemory") return "one of its steps ran out of memory";
  // With other states they are SLURM's own, not the job's: 0:125 for OUT_OF_MEMORY.
  if (state === "failed" && signal !== undefined && signal > 0) return `signal ${signal}`;
  if (state === "failed" && exitCode !== undefined && exitCode > 0) return `exit code ${exitCode}`;
  if (reason === undefined || reason === "None" || reason === "NonZeroExitCode") return undefined;
  return escapeMarkdown(clip(reason, MAX_WORD));
}
