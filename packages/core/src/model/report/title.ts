// The one line that a list of checks shows of a run. Of outside text it holds nothing but words of SLURM's.
import type { JobId } from "../ids.ts";
import type { JobRecord } from "../job-state.ts";
import type { JobState, SlurmState, Verdict } from "../protocol.ts";
import { recordOf, type RunRecords } from "../submission.ts";
import { isOver, type Judgement } from "../verdict.ts";
import { renderCount, renderMebibytes, renderSeconds, renderTime } from "./quantities.ts";
import { readWaiting, renderWaiting } from "./queue.ts";

/** Says where a run stands: verdict, counts, and what is most worth knowing beside. */
export function renderTitle(submission: RunRecords, jobs: readonly JobId[], judged: Judgement): string {
  const { verdict, counts, total } = judged;
  const all = renderCount(total, "job");
  if (total === 0) return "passed: nothing to run";
  if (verdict === "passed") return `passed: ${all}${renderReused(counts.get("reused") ?? 0, total)}`;
  if (isOver(verdict)) return renderTroubles(submission, jobs, judged, all);
  const since = submission.silence?.since;
  const silent = since === undefined ? "" : `, no word from the cluster since ${renderTime(since)}`;
  if (verdict === "queued") return `queued: ${renderWaiting(submission, readWaiting(submission, jobs), all)}${silent}`;
  const done = total - (counts.get("queued") ?? 0) - (counts.get("running") ?? 0);
  return `running: ${[`${done} of ${all} done`, ...listTroubles(judged)].join(", ")}${silent}`;
}

function renderReused(reused: number, total: number): string {
  if (reused === 0) return "";
  return reused === total ? ", all reused" : `, ${reused} reused`;
}

const WORDS: readonly (readonly [JobState, string])[] = [
  ["failed", "failed"],
  ["out_of_memory", "out of memory"],
  ["timed_out", "timed out"],
  ["cancelled", "cancelled"],
  ["infrastructure", "lost to the infrastructure"],
  ["skipped", "not run"],
];

/** Counts in words what did not succeed, by kind. */
export function listTroubles({ counts, lost }: Pick<Judgement, "counts" | "lost">): string[] {
  const known = WORDS.flatMap(([state, words]) => {
    const count = counts.get(state) ?? 0;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  return lost === 0 ? known : [...known, `${lost} without a word of the end`];
}

/** Says of jobs that were not run what their upstream jobs came to. */
const UPSTREAM: Readonly<Partial<Record<Verdict, string>>> = {
  failed: "an upstream job failed",
  resources: "an upstream job ran out of memory or time",
  cancelled: "an upstream job was cancelled",
  infrastructure: "an upstream job was lost to the infrastructure",
};

function renderTroubles(submission: RunRecords, jobs: readonly JobId[], judged: Judgement, all: string): string {
  const { verdict, counts, total, lost } = judged;
  const succeeded = (counts.get("succeeded") ?? 0) + (counts.get("reused") ?? 0);
  const number = total - succeeded;
  if (counts.get("skipped") === number) {
    const why =
      UPSTREAM[verdict] ??
      (submission.silence === undefined ? "and why is not known" : "and nothing is heard of an upstream job");
    return `${verdict}: ${number} of ${all} not run, ${why}`;
  }
  if (verdict === "unknown") {
    const since = submission.silence === undefined ? "" : ` since ${renderTime(submission.silence.since)}`;
    const others = listTroubles({ counts, lost: 0 });
    return [`unknown: no word from the cluster${since} about ${lost} of ${all}`, ...others].join(", ");
  }
  const records = jobs.map((id) => recordOf(submission, id));
  const detail = describeTrouble(verdict, records);
  const kinds = listTroubles(judged);
  if (kinds.length === 1)
    return `${verdict}: ${number} of ${all}${renderKind(verdict, counts)}${detail === undefined ? "" : ` (${detail})`}`;
  return `${verdict}: ${number} of ${all} (${kinds.join(", ")}${detail === undefined ? "" : `; ${detail}`})`;
}

/** The verdict says it already, but for these. */
function renderKind(verdict: Verdict, counts: ReadonlyMap<JobState, number>): string {
  if (verdict === "infrastructure") return " lost";
  if (verdict !== "resources") return "";
  return counts.has("out_of_memory") ? " out of memory" : " timed out";
}

function describeTrouble(verdict: Verdict, records: readonly JobRecord[]): string | undefined {
  if (verdict === "infrastructure") return describeLoss(records);
  if (verdict !== "resources") return undefined;
  return describeMemory(records) ?? describeTime(records);
}

/** Says what jobs that were out of memory had, and needed at least; undefined where that was not told of any. */
export function describeMemory(records: readonly JobRecord[]): string | undefined {
  const out = records.filter(({ state }) => state === "out_of_memory");
  const had = findMost(out, ({ memoryMebibytes }) => memoryMebibytes);
  const peak = findMost(out, ({ peakMebibytes }) => peakMebibytes);
  const needed = peak === undefined ? [] : [`needed at least ${renderMebibytes(peak)}`];
  const given = had === undefined ? [] : [`had ${renderMebibytes(had)}`];
  return [...needed, ...given].length === 0 ? undefined : [...needed, ...given].join(", ");
}

/** Says for how long jobs ran that timed out; undefined where that was not told of any, or none did. */
function describeTime(records: readonly JobRecord[]): string | undefined {
  if (records.some(({ state }) => state === "out_of_memory")) return undefined;
  const longest = findMost(
    records.filter(({ state }) => state === "timed_out"),
    ({ elapsedSeconds }) => elapsedSeconds,
  );
  return longest === undefined ? undefined : `ran for ${renderSeconds(longest)}`;
}

/** Finds the most of what some of the records tell; undefined when none does. */
export function findMost(
  records: readonly JobRecord[],
  read: (record: JobRecord) => number | undefined,
): number | undefined {
  let most: number | undefined;
  for (const record of records) {
    const value = read(record);
    if (value !== undefined && value > (most ?? -1)) most = value;
  }
  return most;
}

const LOSSES: Readonly<Partial<Record<SlurmState, string>>> = {
  NODE_FAIL: "the node failed",
  BOOT_FAIL: "the node did not boot",
  PREEMPTED: "preempted",
  CANCELLED: "taken away before it began",
  COMPLETED: "ended without the mark of success",
};

/** The relay's reason where it calls a job lost that neither the scheduler nor a record tells of any more. */
export const NO_RECORD = "NoRecordOfItsEnd";

/** Says in plain words how the infrastructure lost a job. */
export function renderLoss({ slurmState, reason }: Pick<JobRecord, "slurmState" | "reason">): string | undefined {
  if (reason === NO_RECORD) return "no record of the end";
  return slurmState === undefined ? undefined : LOSSES[slurmState];
}

function describeLoss(records: readonly JobRecord[]): string | undefined {
  const lost = records.filter(({ state }) => state === "infrastructure");
  const [only, ...others] = new Set(lost.map(renderLoss));
  return others.length === 0 ? only : undefined;
}
