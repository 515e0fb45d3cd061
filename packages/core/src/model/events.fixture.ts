import { openSubmission, type Submission } from "./submission.ts";
import { EventId, JobId, RunName, SubmissionId } from "./ids.ts";
import { JobEvent, SubmissionRequest } from "./protocol.ts";
import { step } from "./job-state.ts";

/** A job id for tests: `nth` makes it unique. */
export function jobId(nth: number, stage = "threshold-1.0"): JobId {
  return JobId.parse(`${String(nth).padStart(32, "0")}-${stage}`);
}

/** An event for tests, valid unless told otherwise. */
export function event(fields: Partial<Omit<JobEvent, "id">> & { readonly job: JobId }): JobEvent {
  const state = fields.state ?? "COMPLETED";
  const attempt = fields.attempt ?? 1;
  return JobEvent.parse({
    id: EventId.parse(`7_1.${attempt - 1}.${state}`),
    attempt,
    state,
    at: "2026-03-01T10:00:00Z",
    slurmId: "7_1",
    ...(state === "COMPLETED" ? { marker: "SUCCESS", exitCode: 0 } : {}),
    ...fields,
  });
}

/** A submission for tests: run `simulation` of `count` jobs, and run `analysis` of one job that needs them all. */
export function submission(count = 3): Submission {
  const simulation = Array.from({ length: count }, (_, index) => jobId(index + 1));
  const analysis = jobId(99, "summary-1.0");
  const request = SubmissionRequest.parse({
    lab: "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5",
    target: "cluster",
    headSha: "0123456789abcdef0123456789abcdef01234567",
    pullRequest: 7,
    runs: [
      { name: "simulation", jobs: simulation },
      { name: "analysis", jobs: [analysis] },
    ],
    jobs: [
      ...simulation.map((id, index) => ({
        id,
        stage: "threshold-1.0",
        parameters: { size: 16, seed: index + 1 },
        dependsOn: [],
        isReused: false,
      })),
      { id: analysis, stage: "summary-1.0", parameters: {}, dependsOn: simulation, isReused: false },
    ],
  });
  return openSubmission(request, {
    id: SubmissionId.parse("s0123456789abcdefghijklmno"),
    repository: "lab/percolation",
  });
}

/** The names of the two runs. */
export const SIMULATION = RunName.parse("simulation");
export const ANALYSIS = RunName.parse("analysis");

/** A submission after some events. */
export function after(start: Submission, events: readonly JobEvent[]): Submission {
  const records = new Map(start.records);
  for (const item of events) {
    const record = records.get(item.job);
    if (record !== undefined) records.set(item.job, step(record, item));
  }
  return { ...start, records };
}
