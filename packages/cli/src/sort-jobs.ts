import type { Job } from "@repx/core/lab";
import { renderParameters } from "./parameters.ts";

const NATURAL = new Intl.Collator("en", { numeric: true });

/** Orders jobs for reading: stage by stage in the order in which they come, and in each by parameters, 2 before 10. */
export function sortJobs(jobs: readonly Job[]): Job[] {
  const stages = Map.groupBy(jobs, ({ stage, version }) => `${stage}-${version}`);
  return [...stages.values()].flatMap((members) => {
    const keyed = members.map((job) => ({ job, key: renderParameters(job.effectiveParams, []) }));
    return keyed.toSorted((left, right) => NATURAL.compare(left.key, right.key)).map(({ job }) => job);
  });
}
