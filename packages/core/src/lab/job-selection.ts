// Which jobs of a Lab are wanted. Pure.
import { RepxError } from "../model/errors.ts";
import type { JobId, RunName } from "../model/ids.ts";
import type { Lab } from "../model/lab.ts";
import { hasParameter } from "../model/parameter-value.ts";
import { listSome } from "./clip-text.ts";
import { dependenciesOf, orderJobs, type JobDependencies } from "./graph/job-graph.ts";
import { indexLab, type LabIndex } from "./graph/lab-index.ts";
import { traceParams } from "./jobs/effective-params.ts";
import { resolveName } from "./jobs/resolve-name.ts";
import { selectRuns } from "./select-runs.ts";

/** What is wanted of a Lab, by names, and by parameters where there are any. */
export interface JobWish {
  /** Runs, `@groups`, beginnings of a run's name or of one job's id; none means all runs. */
  readonly names: readonly string[];
  /** Effective parameters with the values as they are written; all must fit. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}

/** The part of a Lab that is wanted. */
export interface JobSelection {
  /** In the Lab's order, each with those of its jobs that are selected. */
  readonly runs: readonly { readonly name: RunName; readonly jobs: readonly JobId[] }[];
  /** Those that were asked for; the others are selected because these need them. */
  readonly asked: ReadonlySet<JobId>;
  /** What the selected jobs wait for; it may lie outside of the selection. */
  readonly dependencies: JobDependencies;
  /** Every selected job after all that it waits for. */
  readonly order: readonly JobId[];
}

/**
 * Selects jobs. A run brings the runs that it needs, whole; a job, or a run of which parameters leave a part, brings the
 * jobs that it needs. LAB_RUN_UNKNOWN, LAB_JOB_AMBIGUOUS; PLAN_EMPTY where no job has the parameters.
 */
export function selectWanted(lab: Lab, order: readonly JobId[], wish: JobWish): JobSelection {
  const index = indexLab(lab, order);
  const names = wish.names.length === 0 ? [...lab.runs.keys()] : wish.names;
  const parts = names.map((name) => resolveName(lab, order, name));
  const runs = parts.flatMap((part) => (part.kind === "runs" ? part.runs : []));
  const jobs = parts.flatMap((part, at) => (part.kind === "jobs" ? [requireOne(part.jobs, names[at] ?? "")] : []));
  const asked = new Set([...runs.flatMap((run) => lab.runs.get(run)?.jobIds ?? []), ...jobs]);
  if (wish.parameters.length > 0) {
    const fitting = filterByParameters(index, asked, wish.parameters);
    return describeSelection(index, fitting, new Set(index.close(fitting)), coverRuns(index, fitting));
  }
  const whole = runs.length === 0 ? [] : selectRuns(lab, runs);
  const selected = new Set([...whole.flatMap((run) => lab.runs.get(run)?.jobIds ?? []), ...index.close(jobs)]);
  return describeSelection(index, asked, selected, new Set([...whole, ...coverRuns(index, new Set(jobs))]));
}

/** Leaves of a selection the jobs that are to stay; runs without any are left out. */
export function narrowSelection(selection: JobSelection, kept: ReadonlySet<JobId>): JobSelection {
  const keep = (ids: readonly JobId[]): JobId[] => ids.filter((id) => kept.has(id));
  return {
    runs: selection.runs.map(({ name, jobs }) => ({ name, jobs: keep(jobs) })).filter(({ jobs }) => jobs.length > 0),
    asked: new Set(keep([...selection.asked])),
    dependencies: new Map([...selection.dependencies].filter(([id]) => kept.has(id))),
    order: keep(selection.order),
  };
}

/** To submit is no listing: two characters must not start a thousand jobs. */
function requireOne(jobs: readonly JobId[], prefix: string): JobId {
  const [only] = jobs;
  if (only !== undefined && jobs.length === 1) return only;
  const candidates = jobs.toSorted();
  throw new RepxError("LAB_JOB_AMBIGUOUS", `${jobs.length} jobs begin with ${prefix}: ${listSome(candidates, 10)}`, {
    hint: "Write more characters of the id, or the name of a run.",
    details: { candidates: candidates.slice(0, 10), count: jobs.length },
  });
}

function filterByParameters(
  index: LabIndex,
  asked: ReadonlySet<JobId>,
  wanted: JobWish["parameters"],
): ReadonlySet<JobId> {
  const trace = traceParams(index);
  const fitting = index.order.filter(
    (id) => asked.has(id) && wanted.every(({ name, value }) => hasParameter(trace(id), name, value)),
  );
  if (fitting.length > 0) return new Set(fitting);
  const said = wanted.map(({ name, value }) => `${name}=${value}`).join(" ");
  const names = new Set([...asked].flatMap((id) => Object.keys(trace(id))));
  throw new RepxError("PLAN_EMPTY", `none of the ${asked.size} selected jobs has ${said}`, {
    hint: `Values are compared as \`repx list jobs\` shows them. Parameters are: ${listSome([...names].toSorted(), 20)}.`,
    details: { parameters: wanted },
  });
}

/** All runs that have a job that was asked for; what those need is told under runs that have it. */
function coverRuns(index: LabIndex, asked: ReadonlySet<JobId>): Set<RunName> {
  const runs = new Set<RunName>([...asked].flatMap((id) => index.runsOf.get(id) ?? []));
  for (const id of index.close(asked)) {
    const of = index.runsOf.get(id) ?? [];
    const [first] = of;
    if (first !== undefined && !of.some((run) => runs.has(run))) runs.add(first);
  }
  return runs;
}

function describeSelection(
  { lab }: LabIndex,
  asked: ReadonlySet<JobId>,
  selected: ReadonlySet<JobId>,
  names: Iterable<RunName>,
): JobSelection {
  const of = new Set(names);
  const runs = [...lab.runs.values()].filter(({ name }) => of.has(name));
  const all = dependenciesOf(
    lab,
    runs.map(({ name }) => name),
  );
  const dependencies = new Map([...all].filter(([id]) => selected.has(id)));
  return {
    runs: runs.map(({ name, jobIds }) => ({ name, jobs: jobIds.filter((id) => selected.has(id)) })),
    asked,
    dependencies,
    order: orderJobs(dependencies),
  };
}
