import { postEvents, readSubmission } from "./coordinator.ts";
import type { SubmissionAccess } from "./experiment.ts";
import { renderAbandonment } from "./model/abandonment.ts";

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
      some.map((job) => renderAbandonment(job, reason, now.toISOString())),
    );
  }
  return queued.length;
}
