import type { ExperimentOutcome } from "@repx/core";
import { openSubmission, type CommitSha, type Submission } from "@repx/core/model";
import type { SubmissionStatus } from "@repx/core/submissions";

/** Where a submission comes from. */
export interface Origin {
  readonly repository: string;
  readonly headSha: CommitSha;
  readonly labReference: string;
}

/** Makes of what was handed over, and of how it stands on the target, what a report is rendered from. Pure. */
export function describeSubmission(
  outcome: ExperimentOutcome,
  { repository, headSha, labReference }: Origin,
  status?: SubmissionStatus,
): Submission {
  const { id, labHash: lab, target } = outcome;
  const runs = outcome.runs.map((run) => ({ ...run, jobs: [...run.jobs] }));
  const jobs = [...outcome.jobs.values()];
  const start = openSubmission({ lab, labReference, target, headSha, runs, jobs }, { id, repository });
  if (status === undefined) return start;
  // What is reused brings its numbers from the plan; of it the target has no event.
  const records = [...start.records].map(
    ([job, record]) => [job, record.state === "reused" ? record : (status.records.get(job) ?? record)] as const,
  );
  return { ...start, records: new Map(records) };
}
