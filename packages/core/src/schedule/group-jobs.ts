import type { JobId } from "../model/ids.ts";
import type { JobResources } from "../target/config/resources.ts";
import type { DependencyList, SchedulableJob } from "./batches.ts";

/** Jobs that may share an array: one stage, equal resources, all with parts or none, and no chain of dependencies between two of them. */
export interface JobGroup {
  readonly number: number;
  readonly stage: string;
  readonly resources: JobResources;
  readonly jobs: readonly SchedulableJob[];
  /** The jobs again, by what they wait for: thousands of jobs may share one long list. */
  readonly byDependencies: ReadonlyMap<DependencyList, readonly SchedulableJob[]>;
}

/** Groups jobs in topological order; a group waits for earlier ones alone. */
export function groupJobs(jobs: readonly SchedulableJob[]): JobGroup[] {
  const levels = new Map<JobId, number>();
  const levelsOfLists = new Map<DependencyList, number>();
  const groups = new Map<string, { readonly level: number; readonly jobs: SchedulableJob[] }>();
  for (const job of jobs) {
    const level = levelsOfLists.get(job.dependsOn) ?? measureLevel(job.dependsOn, levels);
    levelsOfLists.set(job.dependsOn, level);
    levels.set(job.id, level);
    const key = JSON.stringify([level, job.stage, job.resources, job.items !== undefined]);
    const group = groups.get(key) ?? { level, jobs: [] };
    group.jobs.push(job);
    groups.set(key, group);
  }
  return [...groups.values()]
    .toSorted((left, right) => left.level - right.level)
    .flatMap(({ jobs: members }, index) => {
      const [first] = members;
      if (first === undefined) return [];
      const byDependencies = Map.groupBy(members, ({ dependsOn }) => dependsOn);
      return [{ number: index, stage: first.stage, resources: first.resources, jobs: members, byDependencies }];
    });
}

function measureLevel(dependsOn: DependencyList, levels: ReadonlyMap<JobId, number>): number {
  return dependsOn.reduce((level, { id }) => Math.max(level, (levels.get(id) ?? 0) + 1), 0);
}
