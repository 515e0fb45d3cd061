import type { CommitSha, JobId, LabHash, RunName, SubmissionId } from "./ids.ts";
import { isFinal, isSuccess, type JobRecord } from "./job-state.ts";
import type { JobState, QueueLine, SubmissionRequest, SubmittedJob, Verdict } from "./protocol.ts";

/** A submission with what is known of its jobs: all that a report is made of. */
export interface Submission {
  readonly id: SubmissionId;
  /** `owner/name`. */
  readonly repository: string;
  readonly lab: LabHash;
  readonly target: string;
  readonly headSha: CommitSha;
  readonly runs: readonly {
    readonly name: RunName;
    readonly jobs: readonly JobId[];
    readonly isAdvisory?: boolean | undefined;
  }[];
  readonly jobs: ReadonlyMap<JobId, SubmittedJob>;
  readonly records: ReadonlyMap<JobId, JobRecord>;
  /** How the Lab was named when it was submitted, for instance `.#lab`. */
  readonly labReference?: string | undefined;
  /** What the relay last told of the jobs that wait; ISO 8601 in UTC. */
  readonly queue?: { readonly at: string; readonly lines: readonly QueueLine[] } | undefined;
  readonly silence?: Silence | undefined;
  /** Pictures that jobs have left, at public addresses. */
  readonly figures?: readonly { readonly job: JobId; readonly name: string; readonly url: string }[] | undefined;
}

/** Nothing was heard of a submission for longer than its relay ever keeps silent. */
export interface Silence {
  /** When the last word came, ISO 8601 in UTC. */
  readonly since: string;
  /** Whether the login node was asked for a sweep. */
  readonly isAsked: boolean;
  /** Whether it has lasted so long that the open jobs are given up: how they ended is unknown. */
  readonly isLost: boolean;
}

/** A run of a submission as a whole: its verdict, how many jobs are in which state, and one sentence. */
export interface RunSummary {
  readonly name: RunName;
  readonly verdict: Verdict;
  /** Enough alone in a list of checks. */
  readonly title: string;
  readonly counts: ReadonlyMap<JobState, number>;
  readonly total: number;
}

/** The record a job starts with: reused jobs are done, the others wait in the queue. */
export function startRecord(job: SubmittedJob): JobRecord {
  return job.isReused ? { state: "reused", attempt: 0, metricsText: job.metricsText } : { state: "queued", attempt: 0 };
}

/** Makes a submission out of its request, with every job at its start. */
export function openSubmission(
  request: SubmissionRequest,
  context: { readonly id: SubmissionId; readonly repository: string },
): Submission {
  const jobs = new Map(request.jobs.map((job) => [job.id, job]));
  const records = new Map(request.jobs.map((job) => [job.id, startRecord(job)]));
  return {
    ...context,
    lab: request.lab,
    target: request.target,
    headSha: request.headSha,
    runs: request.runs,
    jobs,
    records,
    labReference: request.labReference,
  };
}

/** What tells how runs stand. */
export type RunRecords = Pick<Submission, "runs" | "records">;

/** Tells whether every job of every run has come to an end. */
export function isConcluded(submission: RunRecords): boolean {
  return submission.runs.every((run) => run.jobs.every((job) => isFinal(recordOf(submission, job).state)));
}

/** Reads a job's record; a job that nobody registered counts as queued. */
export function recordOf(submission: RunRecords, job: JobId): JobRecord {
  return submission.records.get(job) ?? { state: "queued", attempt: 0 };
}

/** Says where one run stands. */
export function summarizeRun(submission: RunRecords, name: RunName): RunSummary {
  const run = submission.runs.find((candidate) => candidate.name === name);
  const counts = new Map<JobState, number>();
  for (const job of run?.jobs ?? []) {
    const { state } = recordOf(submission, job);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  const total = run?.jobs.length ?? 0;
  const verdict = readVerdict(counts, total);
  return { name, verdict, counts, total, title: renderTitle(verdict, counts, total) };
}

const WORDS: readonly (readonly [JobState, string])[] = [
  ["failed", "failed"],
  ["out_of_memory", "out of memory"],
  ["timed_out", "timed out"],
  ["cancelled", "cancelled"],
  ["infrastructure", "lost to the infrastructure"],
  ["skipped", "not run because an upstream job did not succeed"],
];

function countOf(counts: ReadonlyMap<JobState, number>, accept: (state: JobState) => boolean): number {
  return [...counts].reduce((sum, [state, count]) => (accept(state) ? sum + count : sum), 0);
}

function readVerdict(counts: ReadonlyMap<JobState, number>, total: number): Verdict {
  if (countOf(counts, isFinal) === total) return countOf(counts, isSuccess) === total ? "success" : "failure";
  return countOf(counts, (state) => state !== "queued" && state !== "reused") > 0 ? "running" : "queued";
}

function renderTitle(verdict: Verdict, counts: ReadonlyMap<JobState, number>, total: number): string {
  const jobs = total === 1 ? "1 job" : `${total} jobs`;
  const reused = counts.get("reused") ?? 0;
  if (verdict === "success") {
    if (total === 0) return "passed: nothing to run";
    return reused === total
      ? `passed: ${jobs}, all reused`
      : `passed: ${jobs}${reused > 0 ? `, ${reused} reused` : ""}`;
  }
  const done = countOf(counts, isFinal);
  if (verdict === "queued") return `queued: ${total - done} of ${jobs}`;
  const troubles = WORDS.flatMap(([state, words]) => {
    const count = counts.get(state) ?? 0;
    return count > 0 ? [{ count, words }] : [];
  });
  const list = troubles.map(({ count, words }) => `${count} ${words}`).join(", ");
  if (verdict === "running") return `running: ${done} of ${jobs} done${list === "" ? "" : `, ${list}`}`;
  if ((counts.get("skipped") ?? 0) + countOf(counts, isSuccess) === total) {
    return `not run: ${counts.get("skipped")} of ${jobs}, an upstream job did not succeed`;
  }
  const [only, ...others] = troubles;
  if (only !== undefined && others.length === 0) return `failed: ${only.count} of ${jobs} ${only.words}`;
  return `failed: ${total - countOf(counts, isSuccess)} of ${jobs} (${list})`;
}
