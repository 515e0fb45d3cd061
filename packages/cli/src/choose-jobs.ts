import type { Job, Lab } from "@repx/core/lab";

/** Jobs under the name by which they were asked for. */
export interface JobSection {
  readonly title: string;
  readonly jobs: readonly Job[];
}

/**
 * Finds what a name means: a run, a `@group`, the beginning of one run's name, or the beginning of job ids.
 * Without a name: every run. LAB_RUN_UNKNOWN lists what there is.
 */
export async function chooseJobs(lab: Lab, name: string | undefined): Promise<JobSection[]> {
  if (name === undefined) return collectRuns(lab, [...lab.data.runs.keys()]);
  const part = lab.resolve(name);
  if (part.kind === "runs") return collectRuns(lab, part.runs);
  const named = new Set(part.jobs);
  return [{ title: name, jobs: (await lab.jobs()).filter(({ id }) => named.has(id)) }];
}

async function collectRuns(lab: Lab, names: readonly string[]): Promise<JobSection[]> {
  return Promise.all(names.map(async (name) => ({ title: name, jobs: await lab.jobs({ run: name }) })));
}
