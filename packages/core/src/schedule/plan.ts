// What must run. Pure: decides from what the target says and what a person wishes, job by job in topological order.
import type { JobId, SubmissionId } from "../model/ids.ts";
import type { PlanWishes } from "./plan-wishes.ts";

/** The jobs that are wanted. */
export interface WantedJobs {
  /** Each after all that it waits for. */
  readonly order: readonly JobId[];
  /** Those that were asked for; the others are there because these need them. */
  readonly asked: ReadonlySet<JobId>;
  /** Many jobs may have the same list, which is walked once. */
  readonly dependencies: ReadonlyMap<JobId, readonly { readonly id: JobId; readonly kind: "hard" | "soft" }[]>;
}

/** A job that a submission has in the queue. */
export interface QueuedJob {
  /** `123_4`, or `123` of a job that is no task of an array. */
  readonly slurmId: string;
  readonly submission: SubmissionId;
  readonly isRunning: boolean;
  /** It runs though the job succeeded: always, or where that was of a lower revision. */
  readonly again?: Again;
}

/** Run a job that has succeeded: always, or unless the success is of this revision or a later one. */
export type Again = "force" | number;

/** What the target says of the wanted jobs. */
export interface JobFacts {
  readonly succeeded: ReadonlySet<JobId>;
  /** Whose last attempt left the marker FAIL. */
  readonly failed: ReadonlySet<JobId>;
  /** Which an attempt began and left no marker. Of those that are not in the queue something ended the attempt. */
  readonly incomplete: ReadonlySet<JobId>;
  readonly queued: ReadonlyMap<JobId, QueuedJob>;
  /** Revisions of successes, where a record has one. */
  readonly revisions: ReadonlyMap<JobId, number>;
}

/** What must run, told apart from what the target has already or has in its queue. */
export interface Plan {
  readonly order: readonly JobId[];
  readonly reused: ReadonlySet<JobId>;
  /** Jobs of other submissions that are in the queue: not submitted, but waited for. */
  readonly shared: ReadonlyMap<JobId, QueuedJob>;
  /** Those of the shared jobs that succeeded after this was planned. */
  readonly ended: ReadonlySet<JobId>;
  readonly toRun: readonly JobId[];
  /** Of the jobs to run, and of the shared ones, those for which an earlier success does not count, or not every one. */
  readonly again: ReadonlyMap<JobId, Again>;
}

/**
 * Plans jobs. A success stays one, for ids are hashes of all that matters. A job in the queue is never started a second time, as
 * long as its end will be what is wanted here: it must not wait for a job that this plan runs itself.
 */
export function planJobs({ order, asked, dependencies }: WantedJobs, facts: JobFacts, wishes: PlanWishes): Plan {
  const reused = new Set<JobId>();
  const shared = new Map<JobId, QueuedJob>();
  const again = new Map<JobId, Again>();
  const running = new Set<JobId>();
  const runsAny = rememberLists(dependencies, ({ id, kind }) => kind === "hard" && running.has(id));
  for (const job of order) {
    const wish = asked.has(job) ? readAgain(wishes) : undefined;
    const queued = facts.queued.get(job);
    if (
      queued !== undefined &&
      willServe(queued, facts.succeeded.has(job), wish) &&
      (queued.isRunning || !runsAny(job))
    ) {
      shared.set(job, queued);
      if (wish !== undefined) again.set(job, wish);
    } else if (facts.succeeded.has(job) && isGoodEnough(wish, facts.revisions.get(job))) {
      reused.add(job);
    } else {
      running.add(job);
      if (wish !== undefined) again.set(job, wish);
    }
  }
  return { order, reused, shared, ended: new Set(), again, toRun: [...running] };
}

/** Finds the jobs whose last attempt did not succeed, with those of the wanted jobs that need them and that they need. */
export function chooseFailed({ order, asked, dependencies }: WantedJobs, facts: JobFacts): ReadonlySet<JobId> {
  const failed = new Set<JobId>();
  const needsAny = rememberLists(dependencies, ({ id, kind }) => kind === "hard" && failed.has(id));
  for (const job of order) if (hasFailed(job, facts) || needsAny(job)) failed.add(job);
  return closeUpstream(
    dependencies,
    [...failed].filter((job) => asked.has(job)),
  );
}

/**
 * Looks again at jobs that were to be shared, some time later. Those that neither are in the queue nor succeeded run here,
 * and so do those that wait for such a one. Of a job that was to run again the marker may be of the earlier time: it runs here.
 */
export function settleShared(
  plan: Plan,
  dependencies: WantedJobs["dependencies"],
  now: Pick<JobFacts, "succeeded" | "queued">,
): Plan {
  const running = new Set(plan.toRun);
  const shared = new Map<JobId, QueuedJob>();
  const ended = new Set<JobId>();
  const runsAny = rememberLists(dependencies, ({ id, kind }) => kind === "hard" && running.has(id));
  for (const job of plan.order) {
    const was = plan.shared.get(job);
    const queued = now.queued.get(job);
    if (was === undefined) continue;
    if (queued !== undefined && (queued.isRunning || !runsAny(job))) shared.set(job, queued);
    else if (queued === undefined && now.succeeded.has(job) && !plan.again.has(job)) {
      shared.set(job, was);
      ended.add(job);
    } else running.add(job);
  }
  return { ...plan, shared, ended, toRun: plan.order.filter((job) => running.has(job)) };
}

/** Nothing recorded, succeeded or queued is no failure: such a job never began. */
function hasFailed(job: JobId, { succeeded, failed, incomplete, queued }: JobFacts): boolean {
  return !succeeded.has(job) && !queued.has(job) && (failed.has(job) || incomplete.has(job));
}

function readAgain({ isForced, rev }: PlanWishes): Again | undefined {
  return isForced ? "force" : rev;
}

function isGoodEnough(wish: Again | undefined, revision: number | undefined): boolean {
  return wish === undefined || (wish !== "force" && (revision ?? 0) >= wish);
}

/** Whether the job in the queue runs at all, an earlier success or not, and as what is wished. */
function willServe({ again }: QueuedJob, hasSucceeded: boolean, wish: Again | undefined): boolean {
  if (hasSucceeded && again === undefined) return false;
  return typeof wish !== "number" || (typeof again === "number" && again >= wish);
}

type Wire = { readonly id: JobId; readonly kind: "hard" | "soft" };

/** Asks whether any wire of a job's list fits. Asked in topological order, the answer for a list is final. */
function rememberLists(
  dependencies: WantedJobs["dependencies"],
  fits: (wire: Wire) => boolean,
): (job: JobId) => boolean {
  const answers = new Map<readonly Wire[], boolean>();
  return (job) => {
    const list = dependencies.get(job) ?? [];
    const answer = answers.get(list) ?? list.some(fits);
    answers.set(list, answer);
    return answer;
  };
}

/** Adds what jobs need with success, directly or not, as far as it is wanted. */
function closeUpstream(dependencies: WantedJobs["dependencies"], jobs: readonly JobId[]): ReadonlySet<JobId> {
  const found = new Set<JobId>();
  const walked = new Set<readonly Wire[]>();
  const waiting = [...jobs];
  for (let job = waiting.pop(); job !== undefined; job = waiting.pop()) {
    if (found.has(job) || !dependencies.has(job)) continue;
    found.add(job);
    const list = dependencies.get(job) ?? [];
    if (walked.has(list)) continue;
    walked.add(list);
    for (const { id, kind } of list) if (kind === "hard") waiting.push(id);
  }
  return found;
}
