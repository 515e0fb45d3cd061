import { isDeepStrictEqual } from "node:util";
import type { JobId } from "../../model/ids.ts";
import { traceParam } from "./effective-params.ts";
import { chooseTarget, type JobOrigin } from "./job.ts";
import { readStatuses, type JobStatus } from "../status/job-status.ts";
import type { LabIndex } from "../graph/lab-index.ts";
import { findRuns } from "../select-runs.ts";
import { splitStageName } from "./stage-name.ts";

/** What is asked of a job; all of it must hold. */
export interface JobFilter {
  /** A run's name, or `@group` for the jobs of all its runs. */
  readonly run?: string;
  /** A stage's name, with or without its version. */
  readonly stage?: string;
  /** Effective parameters and their values: of the same type, 1 is not "1". */
  readonly param?: Readonly<Record<string, unknown>>;
  readonly status?: JobStatus | readonly JobStatus[];
  /** The target's base path here, where a status is asked for; the Lab's when not given. */
  readonly target?: string;
}

/** Finds the jobs that fit, in the Lab's order. LAB_RUN_UNKNOWN for a run that is not there. */
export async function filterJobs(origin: JobOrigin, filter: JobFilter): Promise<readonly JobId[]> {
  const { index } = origin;
  const tests = [
    ...(filter.run === undefined ? [] : [isInRun(index, filter.run)]),
    ...(filter.stage === undefined ? [] : [isOfStage(index, filter.stage)]),
    ...Object.entries(filter.param ?? {}).map(([name, value]) => hasParam(index, name, value)),
  ];
  const found = index.order.filter((id) => tests.every((test) => test(id)));
  if (filter.status === undefined) return found;
  const wanted: readonly JobStatus[] = typeof filter.status === "string" ? [filter.status] : filter.status;
  const statuses = await readStatuses(index, chooseTarget(origin, filter.target), found);
  return found.filter((id) => wanted.includes(statuses.get(id) ?? "pending"));
}

type Test = (id: JobId) => boolean;

function isInRun(index: LabIndex, name: string): Test {
  const ids = new Set(findRuns(index.lab, name).flatMap((run) => index.lab.runs.get(run)?.jobIds ?? []));
  return (id) => ids.has(id);
}

function isOfStage(index: LabIndex, stage: string): Test {
  return (id) => {
    const job = index.lab.jobs.get(id);
    return job !== undefined && (job.name === stage || splitStageName(job).stage === stage);
  };
}

function hasParam(index: LabIndex, name: string, value: unknown): Test {
  const values = traceParam(index, name);
  return (id) => values.has(id) && isDeepStrictEqual(values.get(id), value);
}
