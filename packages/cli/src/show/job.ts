import type { Job, JobInput, Lab } from "@repx/core/lab";
import { readParameter, renderBytes, renderValue, type Parameters } from "@repx/core/model";
import type { CommandCall } from "../command.ts";
import { nameStage } from "../name-stage.ts";
import { makeIdRenderer, type IdRenderer } from "../short-ids.ts";
import { paintStatus } from "../status-look.ts";
import { listOutputFiles } from "./output.ts";
import { sortParts } from "./sort-parts.ts";

/** A heading with lines of `name  value` below it. */
interface Block {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/** Shows what a job is, and with a target what became of it. */
export async function showJob(lab: Lab, job: Job, target: string | undefined, call: CommandCall): Promise<number> {
  const { screen } = call;
  const status = target === undefined ? undefined : await job.status(target);
  const blockers = target === undefined || status !== "blocked" ? [] : await listBlockers(lab, job, target);
  const files = target === undefined ? [] : await listOutputFiles(job, target);
  if (call.isSet("json")) {
    const inputs = job.inputs.map((input) => (input.from === "job" ? { ...input, job: input.job.id } : input));
    const blockedBy = blockers.map(({ id }) => id);
    const place = target === undefined ? {} : { target, status, blockedBy, outputs: job.outputs(target), files };
    screen.printJson({ ...describeJob(job), inputs, ...place });
    return 0;
  }
  const renderId = makeIdRenderer(screen, lab.data.jobs.keys());
  const facts: [string, string][] = [
    ["stage", `${job.stage}, version ${job.version}${job.stageType === "simple" ? "" : `, ${job.stageType}`}`],
    [job.runs.length === 1 ? "run" : "runs", job.runs.join(", ")],
    ...(status === undefined ? [] : [["status", paintStatus(screen, status)] satisfies [string, string]]),
    ...blockers.map((one, index): [string, string] => [
      index === 0 ? "blocked by" : "",
      `${renderId(one.id)} (${nameStage(one)}), which has failed`,
    ]),
  ];
  const blocks: Block[] = [
    { title: "", rows: facts },
    { title: "Parameters", rows: listParameters(job.params) },
    { title: "Parameters of what it reads", rows: listParameters(listInherited(job)) },
    { title: "Inputs", rows: job.inputs.map((input) => [input.name, renderInput(input, renderId)]) },
    { title: "Outputs", rows: listOutputs(job, target) },
    { title: "Resources", rows: listParameters(job.resources ?? {}) },
    ...listParts(job),
    { title: "Files", rows: files.map(({ path, sizeBytes }) => [path, renderBytes(sizeBytes)]) },
  ];
  screen.print(screen.paint("bold", job.id));
  for (const block of blocks) for (const line of renderBlock(block)) screen.print(line);
  return 0;
}

/** Those that have to run again before the job can. */
async function listBlockers(lab: Lab, job: Job, target: string): Promise<Job[]> {
  const needed = lab.closure([job]);
  const statuses = await lab.statuses(needed, target);
  return needed.filter(({ id }) => statuses.get(id) === "failed");
}

function describeJob(job: Job): Readonly<Record<string, unknown>> {
  const { id, stage, version, stageType, runs, params, effectiveParams, resources, executables } = job;
  const dependencies = job.dependencies.map((one) => one.id);
  const asks = { resources: resources ?? null, executables };
  return { id, stage, version, stageType, runs, params, effectiveParams, dependencies, ...asks };
}

function renderBlock({ title, rows }: Block): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`.trimEnd());
  return rows.length === 0 || title === "" ? lines : ["", title, ...lines];
}

function listParameters(parameters: Parameters): [string, string][] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, renderValue(value)] satisfies [string, string]],
  );
}

/** Those that are not its own, or that its own hide. */
function listInherited({ params, effectiveParams }: Job): Parameters {
  return Object.fromEntries(
    Object.entries(effectiveParams).filter(([name]) => readParameter(params, name) === undefined),
  );
}

function renderInput(input: JobInput, renderId: IdRenderer): string {
  if (input.from === "target") return "the target's base path";
  if (input.from === "run") return `the run ${input.run}${input.kind === "soft" ? ", when it has ended" : ""}`;
  return `${input.output} of ${renderId(input.job.id)} (${nameStage(input.job)})`;
}

function listOutputs(job: Job, target: string | undefined): [string, string][] {
  if (target !== undefined) return Object.entries(job.outputs(target));
  const { main, gather } = job.executables;
  const outputs = (main ?? gather)?.outputs ?? {};
  return Object.entries(outputs).map(([name, template]) => [name, renderValue(template)]);
}

/** The parts of a scatter-gather job in the order in which they run, with what each of them asks for. */
function listParts({ executables, stageType }: Job): Block[] {
  if (stageType !== "scatter-gather") return [];
  const rows = sortParts(executables).map(([name, { deps, resource_hints: hints }]): [string, string] => {
    const after = (deps ?? []).length === 0 ? "" : `after ${(deps ?? []).join(", ")}`;
    const asks = listParameters(hints ?? {}).map(([key, value]) => `${key}=${value}`);
    return [name, [after, ...asks].filter((text) => text !== "").join("  ")];
  });
  return [{ title: "Parts", rows }];
}
