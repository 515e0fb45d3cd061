import { JobState, type Submission } from "@repx/core/model";
import type { StageNode, StateCounts } from "./views.ts";

/** More boxes than that nobody reads. */
export const MAX_STAGES = 80;

/** Takes the jobs of each stage together, in the order in which stages are first registered. */
export function collectStages({ jobs, records }: Pick<Submission, "jobs" | "records">): StageNode[] {
  const stages = new Map<string, { counts: StateCounts; needs: Set<string> }>();
  for (const [id, job] of jobs) {
    const stage = stages.get(job.stage) ?? { counts: {}, needs: new Set() };
    stages.set(job.stage, stage);
    addState(stage.counts, records.get(id)?.state ?? "queued");
    for (const input of job.dependsOn) {
      const upstream = jobs.get(input)?.stage;
      if (upstream !== undefined && upstream !== job.stage) stage.needs.add(upstream);
    }
  }
  return [...stages].map(([name, { counts, needs }]) => ({
    name,
    counts,
    total: sumStates(counts),
    needs: [...needs],
  }));
}

/** Counts the jobs of all stages by state. */
export function mergeCounts(all: readonly StateCounts[]): StateCounts {
  const merged: StateCounts = {};
  for (const counts of all) for (const [state, count] of listStates(counts)) addState(merged, state, count);
  return merged;
}

/** The states that occur, with how often. */
export function listStates(counts: StateCounts): [JobState, number][] {
  return STATES.flatMap((state): [JobState, number][] => {
    const count = counts[state] ?? 0;
    return count === 0 ? [] : [[state, count]];
  });
}

/** How many jobs were counted. */
export function sumStates(counts: StateCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** From good to bad: the order of bars and lists. */
const RANKS: Record<JobState, number> = {
  succeeded: 0,
  reused: 1,
  running: 2,
  queued: 3,
  skipped: 4,
  cancelled: 5,
  infrastructure: 6,
  timed_out: 7,
  out_of_memory: 8,
  failed: 9,
};
const STATES = JobState.options.toSorted((left, right) => RANKS[left] - RANKS[right]);

function addState(counts: StateCounts, state: JobState, count = 1): void {
  counts[state] = (counts[state] ?? 0) + count;
}
