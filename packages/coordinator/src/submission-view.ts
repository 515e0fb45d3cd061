import { isConcluded, summarizeRun, type Submission, type SubmissionView } from "@repx/core/model";
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
