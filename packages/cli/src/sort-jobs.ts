import type { Job } from "@repx/core/lab";
import { nameStage } from "./name-stage.ts";
import { renderParameters } from "./parameters.ts";

const NATURAL = new Intl.Collator("en", { numeric: true });

/** Orders jobs for reading: stage by stage in the order in which they come, and in each by parameters, 2 before 10. */
export function sortJobs(jobs: readonly Job[]): Job[] {
  const stages = Map.groupBy(jobs, nameStage);
  return [...stages.values()].flatMap((members) => {
    const keyed = members.map((job) => ({ job, key: renderKey(job) }));
    return keyed.toSorted((left, right) => NATURAL.compare(left.key, right.key)).map(({ job }) => job);
  });
}

/** Parameters that come from several jobs are in an order of their own for each job; here they are by name. */
function renderKey({ effectiveParams }: Job): string {
  return renderParameters(effectiveParams, Object.keys(effectiveParams).toSorted());
}
