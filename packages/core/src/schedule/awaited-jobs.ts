// Jobs that another submission has in the queue, as this one's batches and files see them. Pure.
import type { JobId } from "../model/ids.ts";
import type { TaskReference } from "./batches.ts";
import type { Plan } from "./plan.ts";

/** Where awaited jobs have their place: in arrays of other submissions, which count down from -1 here. */
export interface AwaitedArrays {
  readonly places: ReadonlyMap<JobId, TaskReference>;
  /** SLURM's id of each. */
  readonly slurmIds: ReadonlyMap<number, string>;
}

/** Gives the arrays of other submissions' jobs numbers; jobs that have ended since are not waited for. */
export function placeAwaited({ shared, ended }: Pick<Plan, "shared" | "ended">): AwaitedArrays {
  const numbers = new Map<string, number>();
  const places = new Map<JobId, TaskReference>();
  for (const [job, { slurmId }] of shared) {
    if (ended.has(job)) continue;
    const [array = "", index] = slurmId.split("_");
    const batch = numbers.get(array) ?? -1 - numbers.size;
    numbers.set(array, batch);
    places.set(job, { batch, ...(index === undefined ? {} : { index: Number(index) }) });
  }
  return { places, slurmIds: new Map([...numbers].map(([array, number]) => [number, array])) };
}

/** Renders `awaited.tsv`, which the relay reads beside `slurm.tsv`: SLURM id, job, and the submission that has it. */
export function renderAwaited({ shared }: Pick<Plan, "shared">): string {
  return [...shared].map(([job, { slurmId, submission }]) => `${slurmId}\t${job}\t${submission}\n`).join("");
}
