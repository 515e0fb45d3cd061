import type { JobId } from "../model/ids.ts";
import { isFinal } from "../model/job-state.ts";
import { listDependencies, type SubmissionPlan } from "./submission-plan.ts";
import type { SubmissionStatus } from "./watch/open-watch.ts";

/** Jobs that are to be cancelled, and those that will not run because of it. */
export interface Cancellation {
  /** That had not ended. */
  readonly jobs: readonly JobId[];
  /** That wait for one of them, however far; without those that are cancelled themselves. */
  readonly waiting: readonly JobId[];
}

/** Finds out what cancelling jobs, or all of a submission, comes to. What it waits for of others is not its own to cancel. */
export function planCancellation(status: SubmissionStatus, asked?: readonly JobId[]): Cancellation {
  const isOpen = (id: JobId): boolean => !isFinal(status.records.get(id)?.state ?? "queued");
  const shared = new Set(status.plan.shared);
  const own = status.plan.jobs.map(({ id }) => id).filter((id) => !shared.has(id));
  const jobs = (asked?.filter((id) => !shared.has(id)) ?? own).filter(isOpen);
  return { jobs, waiting: findDependants(status.plan, new Set(jobs)).filter(isOpen) };
}

/** Jobs that need the success of one of these, directly or by others, in the plan's order. */
function findDependants(plan: SubmissionPlan, jobs: ReadonlySet<JobId>): JobId[] {
  const lost = new Set(jobs);
  // Jobs come after what they wait for: the answer for a list is final.
  const isLost = new Map<number, boolean>();
  for (const job of plan.jobs) {
    const known =
      isLost.get(job.needs) ??
      listDependencies(plan, job).some((upstream) => upstream.kind === "hard" && lost.has(upstream.id));
    isLost.set(job.needs, known);
    if (known) lost.add(job.id);
  }
  return [...lost].filter((id) => !jobs.has(id));
}
