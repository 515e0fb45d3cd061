import type { CommitSha, JobId, LabHash, RunName, SubmissionId } from "./ids.ts";
import type { JobRecord } from "./job-state.ts";
import type { QueueLine, SubmissionRequest, SubmittedJob } from "./protocol.ts";

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
export interface RunRecords extends Pick<Submission, "records" | "queue" | "silence"> {
  readonly runs: readonly { readonly name: RunName; readonly jobs: readonly JobId[] }[];
  /** Without it every trouble counts as the cause of jobs that were not run. */
  readonly jobs?: ReadonlyMap<JobId, Pick<SubmittedJob, "dependsOn">> | undefined;
}

/** Reads a job's record; a job that nobody registered counts as queued. */
export function recordOf(submission: Pick<RunRecords, "records">, job: JobId): JobRecord {
  return submission.records.get(job) ?? { state: "queued", attempt: 0 };
}

/** Lists the jobs of a run; none of a run that is not there. */
export function jobsOf(submission: Pick<RunRecords, "runs">, name: RunName): readonly JobId[] {
  return submission.runs.find((run) => run.name === name)?.jobs ?? [];
}
