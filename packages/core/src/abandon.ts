import { postEvents, readSubmission } from "./coordinator.ts";
import type { SubmissionAccess } from "./experiment.ts";
import { EventId, type JobId } from "./model/ids.ts";
import type { JobEvent } from "./model/protocol.ts";

/**
 * Closes the jobs of a registered submission that were never handed to SLURM, so that its checks conclude.
 * Says how many; a job that SLURM has after all is told right by its own later events.
 */
export async function abandonSubmission(
  coordinator: string,
  submission: SubmissionAccess,
  reason: string,
  now: Date,
): Promise<number> {
  const view = await readSubmission(coordinator, submission);
  const queued = view.jobs.filter((job) => job.state === "queued").map((job) => job.id);
  await postEvents(
    coordinator,
    submission,
    queued.map((job) => renderAbandonment(job, reason, now)),
  );
  return queued.length;
}

function renderAbandonment(job: JobId, reason: string, now: Date): JobEvent {
  return {
    id: EventId.parse(`abandoned.${job.slice(0, 32)}`),
    job,
    attempt: 1,
    state: "CANCELLED",
    at: now.toISOString(),
    // No SLURM id was given.
    slurmId: "0",
    reason: reason.slice(0, 200),
  };
}
