import { resolve } from "node:path";
import { RepxError } from "../../model/errors.ts";
import type { JobId, RunName } from "../../model/ids.ts";
import type { Executable, LabJob, ResourceHints } from "../../model/lab.ts";
import { clipText } from "../clip-text.ts";
import { traceParams, type Params } from "./effective-params.ts";
import { listInputs, type JobInput } from "./job-input.ts";
import { readStatuses, type JobStatus } from "../status/job-status.ts";
import { remember, type LabIndex } from "../graph/lab-index.ts";
import { refuseLab } from "../refuse-lab.ts";
import { renderOutputPath } from "../render-output-path.ts";
import { splitStageName } from "./stage-name.ts";

/** One job of a Lab: a stage with one combination of parameters. */
export interface Job {
  /** `<32 characters>-<stage>-<version>`; also the name of its folder on a target. */
  readonly id: JobId;
  readonly stage: string;
  readonly version: string;
  readonly stageType: LabJob["stage_type"];
  /** Those that its stage declares. */
  readonly params: Params;
  /** Those of the jobs that it reads from as well, traced to the beginning; its own win. */
  readonly effectiveParams: Params;
  /** What comes in from outside of the job, each name once. */
  readonly inputs: readonly JobInput[];
  /** The jobs that its inputs come from, by id. */
  readonly dependencies: readonly Job[];
  /** The runs that have it. */
  readonly runs: readonly RunName[];
  /** What it asks of the scheduler. */
  readonly resources: ResourceHints | undefined;
  /** Its programs: `main`, or `scatter`, `step-<name>` and `gather`. */
  readonly executables: Readonly<Record<string, Executable>>;
  /** Absolute paths of its outputs by name, whether they exist or not; `target` is the target's base path here. */
  outputs(target?: string): Readonly<Record<string, string>>;
  /** Reads from the target's files where it stands; for many jobs at once ask the Lab. */
  status(target?: string): Promise<JobStatus>;
  /** What `JSON.stringify` makes of it: data alone, dependencies as ids. */
  toJSON(): unknown;
}

/** What every job of a Lab is made from. */
export interface JobOrigin {
  readonly index: LabIndex;
  /** The Lab's path, for messages. */
  readonly path: string;
  /** The base path that is meant where a call names none. */
  readonly target: string | undefined;
}

/** Makes jobs of ids; the same object for the same id. */
export function startJobs(origin: JobOrigin): (id: JobId) => Job {
  const trace = traceParams(origin.index);
  const make = remember((id: JobId): Job => makeJob(origin, id, trace, make));
  return make;
}

/** The base path that a call means. INPUT_MISSING where neither it nor the Lab names one. */
export function chooseTarget(origin: JobOrigin, target: string | undefined): string {
  const base = target ?? origin.target;
  if (base !== undefined && base !== "") return resolve(base);
  throw new RepxError("INPUT_MISSING", "no target is named, so there is no place to look for outputs", {
    hint: 'Name its base path as this machine sees it: Lab.open(path, { target: "/scratch/repx" }), or with the call.',
  });
}

function makeJob(origin: JobOrigin, id: JobId, trace: (id: JobId) => Params, find: (id: JobId) => Job): Job {
  const { index } = origin;
  const data = index.lab.jobs.get(id);
  // Ids come from the Lab itself.
  if (data === undefined) throw refuseLab(origin.path, `it has no job ${id}`);
  const { stage, version } = splitStageName(data);
  const own = { id, stage, version, stageType: data.stage_type, params: data.params };
  const more = { resources: data.resource_hints ?? undefined, executables: data.executables };
  return {
    ...own,
    get effectiveParams() {
      return trace(id);
    },
    get inputs() {
      return listInputs(data, find);
    },
    get dependencies() {
      return index.listUpstream(id).map(find);
    },
    runs: index.runsOf.get(id) ?? [],
    ...more,
    outputs: (target) => listOutputs(origin.path, id, data, chooseTarget(origin, target)),
    status: async (target) => {
      const statuses = await readStatuses(index, chooseTarget(origin, target), [id]);
      return statuses.get(id) ?? "pending";
    },
    toJSON: () => ({
      ...own,
      effectiveParams: trace(id),
      dependencies: index.listUpstream(id),
      runs: index.runsOf.get(id) ?? [],
      ...more,
    }),
  };
}

/** Programs' templates are `$out/<path>`; what is no text (a scatter's own values) is no file. */
function listOutputs(path: string, id: JobId, data: LabJob, base: string): Record<string, string> {
  const { main, gather } = data.executables;
  const outputs = (data.stage_type === "scatter-gather" ? gather : main)?.outputs ?? {};
  const found = Object.entries(outputs).flatMap(([name, template]): [string, string][] =>
    typeof template === "string" ? [[name, renderOutput(path, id, template, base)]] : [],
  );
  return Object.fromEntries(found);
}

function renderOutput(path: string, id: JobId, template: string, base: string): string {
  const place = renderOutputPath(template, `${base}/outputs/${id}/out`);
  if (place !== undefined) return place;
  throw refuseLab(path, `job ${id} declares an output outside of its folder: ${clipText(template)}`, { job: id });
}
