import type { Job } from "@repx/core/lab";
import { nameStage } from "../name-stage.ts";

/**
 * Names the parameters that a table shows of each job: those that tell it from the other jobs of its stage, its own or not, and
 * after them the rest of its own. What a whole stage inherits alike tells nothing.
 */
export function nameTellingParameters(jobs: readonly Job[]): (job: Job) => readonly string[] {
  const stages = [...Map.groupBy(jobs, nameStage)].map(([stage, members]) => [stage, nameOfStage(members)] as const);
  const names = new Map(stages);
  return (job) => names.get(nameStage(job)) ?? [];
}

function nameOfStage(jobs: readonly Job[]): string[] {
  const own = new Set(jobs.flatMap(({ params }) => Object.keys(params)));
  const all = [...new Set(jobs.flatMap(({ effectiveParams }) => Object.keys(effectiveParams)))].toSorted();
  const varied = new Set(all.filter((name) => countValues(jobs, name) > 1));
  return [...varied, ...all.filter((name) => own.has(name) && !varied.has(name))];
}

function countValues(jobs: readonly Job[], name: string): number {
  return new Set(jobs.map(({ effectiveParams }) => JSON.stringify(effectiveParams[name]))).size;
}
