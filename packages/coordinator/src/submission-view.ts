import {
  isConcluded,
  isSuccess,
  summarizeRun,
  type JobId,
  type KnownLab,
  type RunName,
  type Submission,
  type SubmissionView,
} from "@repx/core/model";
import type { SubmissionEntry } from "./repository/entry.ts";
import { readPolicy, type SubmissionRow } from "./submission-store.ts";

/** Shows a submission to who holds its token. */
export function renderView(submission: Submission): SubmissionView {
  const { id, repository, headSha, lab, target, records } = submission;
  const runs = submission.runs.map((run) => {
    const { name, verdict, title, counts } = summarizeRun(submission, run.name);
    return { name, verdict, title, counts: Object.fromEntries(counts) };
  });
  const jobs = [...records].map(([job, { state, attempt, reason }]) => ({
    id: job,
    state,
    attempt,
    ...(reason !== undefined && { reason }),
  }));
  return { id, repository, headSha, lab, target, isConcluded: isConcluded(submission), runs, jobs };
}

/** Shows a submission as its repository's index keeps it. */
export function renderEntry(row: SubmissionRow, submission: Submission): SubmissionEntry {
  const { onSupersede, onClose } = readPolicy(row);
  return {
    id: row.id,
    pullRequest: row.pull_request,
    headSha: row.head_sha,
    lab: row.lab,
    target: row.target,
    createdAt: row.created_at,
    isConcluded: isConcluded(submission),
    onSupersede,
    onClose,
    runs: submission.runs.map((run) => {
      const { name, verdict, title } = summarizeRun(submission, run.name);
      return { name, verdict, title };
    }),
  };
}

/** Lists the jobs of runs that have all passed; undefined when one is not here, or a job of one has not succeeded. */
export function listPassed(submission: Submission, runs: readonly RunName[]): KnownLab["jobs"] | undefined {
  const known = new Map(submission.runs.map((run) => [run.name, run.jobs]));
  const wanted = new Set<JobId>();
  for (const run of runs) {
    const jobs = known.get(run);
    if (jobs === undefined) return undefined;
    for (const job of jobs) wanted.add(job);
  }
  const jobs: KnownLab["jobs"] = [];
  for (const id of wanted) {
    const record = submission.records.get(id);
    if (record === undefined || !isSuccess(record.state)) return undefined;
    jobs.push({ id, ...(record.metricsText !== undefined && { metricsText: record.metricsText }) });
  }
  return jobs;
}
