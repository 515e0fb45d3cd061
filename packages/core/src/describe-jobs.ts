import type { HandOver } from "./hand-over.ts";
import type { Upstream } from "./lab/graph/job-graph.ts";
import type { JobId } from "./model/ids.ts";
import { chooseHints, chooseStepHints } from "./model/job-hints.ts";
import { readExecutable } from "./prepare.ts";
import type { SchedulableJob } from "./schedule/batches.ts";
import { resolveResources, resolveWorkerResources } from "./target/config/resources.ts";

/** What the scheduler is to know of jobs: of those to run, where none are named. */
export function describeJobs(
  { study, plan, target, resources }: Pick<HandOver, "study" | "plan" | "target" | "resources">,
  jobs: readonly JobId[] = plan.toRun,
): SchedulableJob[] {
  // Jobs that wait for the same whole run have one list: ten thousand of them must not become ten thousand lists.
  const lists = new Map<readonly Upstream[], readonly Upstream[]>();
  // What is reused has ended already; what was not selected is not waited for.
  const isAwaited = ({ id }: Upstream): boolean =>
    study.dependencies.has(id) && !plan.reused.has(id) && !plan.ended.has(id);
  return jobs.map((id) => {
    const job = study.opened.lab.jobs.get(id);
    const upstream = study.dependencies.get(id) ?? [];
    const dependsOn = lists.get(upstream) ?? upstream.filter(isAwaited);
    lists.set(upstream, dependsOn);
    const whole = resolveResources(resources, { id, target: target.name, hints: chooseHints(job) });
    return {
      id,
      stage: job?.name ?? id,
      executable: readExecutable(job, id).path,
      resources: whole,
      dependsOn,
      // The scheduler `local` runs all parts of a job in its one task.
      ...(job?.stage_type !== "scatter-gather" || target.scheduler === "local"
        ? {}
        : {
            items: resolveWorkerResources(resources, { id, target: target.name, hints: chooseStepHints(job) }, whole),
          }),
    };
  });
}
