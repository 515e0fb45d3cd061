import { postEvents, readSubmission } from "./coordinator.ts";
import type { SubmissionAccess } from "./experiment.ts";
import { EventId, type JobId } from "./model/ids.ts";
import type { JobEvent } from "./model/protocol.ts";

/** A request of the coordinator takes 1,000 events. */
const EVENTS_AT_ONCE = 500;

/**
 * Closes the jobs of a registered submission that were never handed to SLURM, so that its checks conclude.
 * Says how many; for a job that SLURM has after all its own events count more than this assumption.
 */
export async function abandonSubmission(
  coordinator: string,
  submission: SubmissionAccess,
  reason: string,
  now: Date,
): Promise<number> {
  const view = await readSubmission(coordinator, submission);
  const queued = view.jobs.filter((job) => job.state === "queued").map((job) => job.id);
  for (let at = 0; at < queued.length; at += EVENTS_AT_ONCE) {
    const some = queued.slice(at, at + EVENTS_AT_ONCE);
    await postEvents(
      coordinator,
      submission,
      some.map((job) => renderAbandonment(job, reason, now)),
    );
  }
  return queued.length;
}

function renderAbandonment(job: JobId, reason: string, now: Date): JobEvent {
  return {
    id: EventId.parse(`abandoned.${job.slice(0, 32)}`),
    job,
    attempt: 1,
    state: "CANCELLED",
    at: now.toISOString(),
    // The id that says: assumed, for none was given.
    slurmId: "0",
    reason: reason.slice(0, 200),
  };
}
