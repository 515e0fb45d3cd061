// The order of all jobs of a Lab. A run that jobs read from is a node of its own, so that a thousand jobs that read from a
// run of a thousand jobs are two thousand edges and not a million.
import type { JobId, RunName } from "../model/ids.ts";
import type { Lab } from "../model/lab.ts";
import { refuseLab } from "./lab-source.ts";
import { listUpstreamJobs, listUpstreamRuns } from "./upstream.ts";

/** A job, or a run that has ended. */
type Step = { readonly job: JobId } | { readonly run: RunName };

const MOST_SHOWN = 10;

/** Orders all jobs so that each comes after all that it waits for; otherwise as they were. LAB_INVALID names a cycle. */
export function orderLabJobs(path: string, lab: Lab): JobId[] {
  const order: JobId[] = [];
  const states = new Map<string, "open" | "done">();
  // An explicit stack: a chain may be longer than the call stack is deep.
  for (const job of lab.jobs.keys()) {
    const stack = [begin(lab, { job })];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const key = renderStep(top.step);
      const next = states.get(key) === "done" ? undefined : top.upstream[top.at++];
      if (next === undefined) {
        if (states.get(key) !== "done" && "job" in top.step) order.push(top.step.job);
        states.set(key, "done");
        stack.pop();
        continue;
      }
      states.set(key, "open");
      const state = states.get(renderStep(next));
      if (state === "open") throw refuseCycle(path, [...stack.map(({ step }) => renderStep(step)), renderStep(next)]);
      if (state === undefined) stack.push(begin(lab, next));
    }
  }
  return order;
}

function begin(lab: Lab, step: Step): { readonly step: Step; readonly upstream: readonly Step[]; at: number } {
  return { step, upstream: listSteps(lab, step), at: 0 };
}

function listSteps(lab: Lab, step: Step): Step[] {
  if ("run" in step) return (lab.runs.get(step.run)?.jobIds ?? []).map((job) => ({ job }));
  return [
    ...listUpstreamJobs(lab, step.job).map((job) => ({ job })),
    ...listUpstreamRuns(lab, step.job).map((run) => ({ run })),
  ];
}

/** No job has such a name: a job's id begins with 32 characters without a space. */
function renderStep(step: Step): string {
  return "job" in step ? step.job : `run ${step.run}`;
}

function refuseCycle(path: string, steps: readonly string[]): Error {
  const cycle = steps.slice(steps.indexOf(steps.at(-1) ?? ""));
  const shown = cycle.length > MOST_SHOWN ? [...cycle.slice(0, MOST_SHOWN), `… (${cycle.length} of them)`] : cycle;
  return refuseLab(path, `jobs wait for each other: ${shown.join(" -> ")}`, { cycle });
}
