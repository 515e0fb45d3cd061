// The order of all jobs of a Lab. A run that jobs read from is a node of its own, so that a thousand jobs that read from a
// run of a thousand jobs are two thousand edges and not a million.
import type { JobId, RunName } from "../../model/ids.ts";
import type { Lab } from "../../model/lab.ts";
import { refuseLab } from "../refuse-lab.ts";
import { orderNodes } from "./order-nodes.ts";
import { listUpstreamJobs, listUpstreamRuns } from "./upstream.ts";

/** A job, or a run that has ended: no job has such a name, an id begins with 32 characters without a space. */
type Step = JobId | RunStep;
type RunStep = `run ${string}`;

const MOST_SHOWN = 10;

/** Orders all jobs so that each comes after all that it waits for; otherwise as they were. LAB_INVALID names a cycle. */
export function orderLabJobs(path: string, lab: Lab): JobId[] {
  const runs = new Map([...lab.runs.values()].map(({ name, jobIds }) => [renderRunStep(name), jobIds]));
  const listNeeded = (step: Step): readonly Step[] =>
    isRunStep(step)
      ? (runs.get(step) ?? [])
      : [...listUpstreamJobs(lab, step), ...listUpstreamRuns(lab, step).map(renderRunStep)];
  const steps = orderNodes<Step>(lab.jobs.keys(), listNeeded, (cycle) => refuseCycle(path, cycle));
  return steps.filter((step): step is JobId => !isRunStep(step));
}

function renderRunStep(run: RunName): RunStep {
  return `run ${run}`;
}

function isRunStep(step: Step): step is RunStep {
  return step.startsWith("run ");
}

function refuseCycle(path: string, cycle: readonly Step[]): Error {
  const shown = cycle.length > MOST_SHOWN ? [...cycle.slice(0, MOST_SHOWN), `… (${cycle.length} of them)`] : cycle;
  return refuseLab(path, `jobs wait for each other: ${shown.join(" -> ")}`, { cycle });
}
