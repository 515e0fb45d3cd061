import { EventId, type JobId } from "./ids.ts";
import type { JobEvent } from "./protocol.ts";

/** Renders the end of a job that was never handed to the scheduler; any event of its own counts more. */
export function renderAbandonment(job: JobId, reason: string, at: string): JobEvent {
  return {
    id: EventId.parse(`abandoned.${job.slice(0, 32)}`),
    job,
    attempt: 1,
    state: "CANCELLED",
    at,
    // The id that says: assumed, for none was given.
    slurmId: "0",
    reason: reason.slice(0, 200),
  };
}
