// How a scatter-gather job runs on a target, as RepX 0.5 lays it out: `scatter/`, `branch-<n>/step-<step>/`, and the
// gather's outputs as those of the job. Pure. Paths inside a branch hold BRANCH where its number belongs.
import { RepxError } from "../../model/errors.ts";
import type { JobId } from "../../model/ids.ts";
import type { Executable, InputMapping, Lab, LabJob } from "../../model/lab.ts";
import { clipText, listSome } from "../clip-text.ts";
import { orderNodes } from "../graph/order-nodes.ts";
import { renderOutputPath } from "../render-output-path.ts";

/** Stands for the number of a branch, after `branch-`; no path of a Lab or a target holds this character. */
export const BRANCH = "\u0001";

/** The programs of a scatter-gather job, relative to the Lab, and what each of them reads. */
export interface ScatterGather {
  readonly scatter: string;
  /** Each after those that it needs. */
  readonly steps: readonly Step[];
  readonly gather: string;
  /** Inputs of the gather beside those of the job, by name: what the branches made, and outputs of the scatter. */
  readonly gatherInputs: Readonly<Record<string, string>>;
  /** What one branch hands to the gather: the outputs of the step that no other one needs. */
  readonly branchOutputs: Readonly<Record<string, string>>;
}

/** One step of every branch. */
export interface Step {
  readonly name: string;
  readonly program: string;
  readonly needs: readonly string[];
  readonly inputs: Readonly<Record<string, string>>;
}

const STEP = "step-";
const STEP_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;
const MANIFEST = "repx/worker_outs_manifest.json";

/** Lays out a scatter-gather job; `staticInputs` are those of its `inputs.json`, which steps may read as well. */
export function layOutScatterGather(
  lab: Lab,
  id: JobId,
  basePath: string,
  staticInputs: Readonly<Record<string, string>>,
): ScatterGather {
  const job = lab.jobs.get(id);
  const { scatter, gather } = job?.executables ?? {};
  if (job === undefined || scatter === undefined || gather === undefined) {
    throw refuse(id, "it has no scatter or no gather");
  }
  const folder = `${basePath}/outputs/${id}`;
  const place: Place = { id, folder, steps: listSteps(id, job), staticInputs };
  const names = orderSteps(place);
  const sink = findSink(place);
  return {
    scatter: scatter.path,
    steps: names.map((name) => {
      const step = readStep(place, name);
      return { name, program: step.path, needs: step.deps ?? [], inputs: renderStepInputs(place, name, step) };
    }),
    gather: gather.path,
    gatherInputs: renderGatherInputs(place, scatter, gather),
    branchOutputs: renderTemplates(
      place,
      readStep(place, sink).outputs,
      `${folder}/branch-${BRANCH}/${STEP}${sink}/out`,
    ),
  };
}

interface Place {
  readonly id: JobId;
  /** The job's folder on the target. */
  readonly folder: string;
  readonly steps: ReadonlyMap<string, Executable>;
  readonly staticInputs: Readonly<Record<string, string>>;
}

function listSteps(id: JobId, job: LabJob): Map<string, Executable> {
  const steps = new Map(
    Object.entries(job.executables).flatMap(([name, executable]): [string, Executable][] =>
      name.startsWith(STEP) ? [[name.slice(STEP.length), executable]] : [],
    ),
  );
  const odd = [...steps.keys()].find((name) => !STEP_NAME.test(name));
  if (odd !== undefined) throw refuse(id, `${JSON.stringify(clipText(odd))} is no name of a step`);
  return steps;
}

function readStep({ id, steps }: Place, name: string): Executable {
  const step = steps.get(name);
  if (step === undefined)
    throw refuse(id, `there is no step ${name}; its steps are ${listSome([...steps.keys()], 10)}`);
  return step;
}

/** By name where nothing else decides. */
function orderSteps(place: Place): string[] {
  return orderNodes(
    [...place.steps.keys()].toSorted(),
    (name) => (readStep(place, name).deps ?? []).toSorted(),
    (cycle) => refuse(place.id, `its steps need each other: ${listSome(cycle, 10)}`),
  );
}

function findSink({ id, steps }: Place): string {
  const needed = new Set([...steps.values()].flatMap((step) => step.deps ?? []));
  const [sink, ...others] = [...steps.keys()].filter((name) => !needed.has(name));
  if (sink !== undefined && others.length === 0) return sink;
  throw refuse(
    id,
    `exactly one step must be the last, found ${sink === undefined ? "none" : listSome([sink, ...others], 10)}`,
  );
}

function renderStepInputs(place: Place, name: string, step: Executable): Record<string, string> {
  const branch = `${place.folder}/branch-${BRANCH}`;
  const inputs = step.inputs.map((mapping): [string, string] => {
    const { source, source_output: output, target_input: target } = mapping;
    if (source === "scatter:work_item") return [target, `${branch}/repx/work_item.json`];
    if (source?.startsWith("step:") === true && typeof output === "string") {
      const needed = source.slice("step:".length);
      return [target, renderOutput(place, readStep(place, needed), output, `${branch}/${STEP}${needed}/out`)];
    }
    return [target, readStatic(place, `step ${name}`, target)];
  });
  return Object.fromEntries(inputs);
}

function renderGatherInputs(place: Place, scatter: Executable, gather: Executable): Record<string, string> {
  const inputs = gather.inputs.flatMap((mapping: InputMapping): [string, string][] => {
    const { source, job_id: from, source_output: output, target_input: target } = mapping;
    if (source === "runner:worker_outputs") return [[target, `${place.folder}/${MANIFEST}`]];
    // `self` is how RepX's own Labs say it, and how its runner forgets it.
    const isFromScatter = source === "scatter:output" || from === "self";
    if (!isFromScatter || typeof output !== "string") return [];
    return [[target, renderOutput(place, scatter, output, `${place.folder}/scatter/out`)]];
  });
  return Object.fromEntries(inputs);
}

function renderOutput(place: Place, from: Executable, output: string, out: string): string {
  const template = from.outputs[output];
  if (typeof template === "string") return renderTemplate(place, template, out);
  throw refuse(place.id, `${from.path} declares no path for its output ${clipText(output)}`);
}

function renderTemplates(place: Place, outputs: Executable["outputs"], out: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, template]): [string, string][] =>
      typeof template === "string" ? [[name, renderTemplate(place, template, out)]] : [],
    ),
  );
}

function renderTemplate({ id }: Place, template: string, out: string): string {
  const path = renderOutputPath(template, out);
  if (path !== undefined) return path;
  throw refuse(id, `it declares an output outside of its folder: ${clipText(template)}`);
}

function readStatic({ id, staticInputs }: Place, reader: string, target: string): string {
  const value = staticInputs[target];
  if (value !== undefined) return value;
  throw refuse(id, `nothing supplies the input ${clipText(target)} of ${reader}`);
}

function refuse(id: JobId, message: string): RepxError {
  return new RepxError("LAB_INVALID", `scatter-gather job ${id}: ${message}`, {
    hint: "Build the Lab again; its metadata does not fit together.",
  });
}
