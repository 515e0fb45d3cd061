import type { JobId } from "../model/ids.ts";

/** What must run: the selected jobs in topological order, told apart from those that the target has already. */
export interface Plan {
  readonly order: readonly JobId[];
  readonly reused: ReadonlySet<JobId>;
  readonly toRun: readonly JobId[];
}

/** Leaves out of an order the jobs that already succeeded; ids are hashes of all that matters, so a success stays one. */
export function planJobs(order: readonly JobId[], hasSucceeded: (job: JobId) => boolean): Plan {
  const reused = new Set(order.filter(hasSucceeded));
  return { order, reused, toRun: order.filter((job) => !reused.has(job)) };
}
