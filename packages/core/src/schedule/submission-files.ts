import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobId } from "../model/ids.ts";
import type { Batch } from "./batches.ts";
import type { Again } from "./plan.ts";
import type { SubmissionPlan } from "./submission-plan.ts";

/** What a submission's folder on the target starts with. */
export interface SubmissionFiles {
  /** Who is told of the ends, and what speaks for the submission there; missing where nobody is. */
  readonly coordinator?: { readonly origin: string; readonly token: string };
  readonly labHash: string;
  /** Absolute folder of the programs on the target, for whoever starts the relay again. */
  readonly programs: string;
  readonly plan: SubmissionPlan;
  readonly batches: readonly Batch[];
  /** The text of `awaited.tsv`: jobs of other submissions that this one reports as well. */
  readonly awaited: string;
  readonly jobs: ReadonlyMap<JobId, JobFiles>;
  /** For the agent of the scheduler `local`, where that is the target's. */
  readonly localPlan?: string;
}

/** What a job's folder in a submission holds: `job.json`, `inputs.json`, `parameters.json`; `runtime` and `again` where there is a need. */
export interface JobFiles {
  readonly job: unknown;
  readonly inputs: Readonly<Record<string, string>>;
  readonly parameters: unknown;
  /** What `job-runtime.sh` reads; absent for a job that runs natively. */
  readonly runtime?: string;
  /** Which earlier success does not count. */
  readonly again?: Again;
  /** Of a scatter-gather job: its programs, relative to the target's `artifacts/`, and what they read. */
  readonly parts?: JobParts;
}

/** Paths inside a branch hold U+0001 where its number belongs; a control character is in no name. */
export interface JobParts {
  readonly scatter: string;
  /** Each after those that it needs. */
  readonly steps: readonly {
    readonly name: string;
    readonly program: string;
    readonly needs: readonly string[];
    readonly inputs: Readonly<Record<string, string>>;
  }[];
  readonly gather: string;
  readonly gatherInputs: Readonly<Record<string, string>>;
  readonly branchOutputs: Readonly<Record<string, string>>;
}

/** Writes the folder here, as it will lie on the target; only its owner may enter it, and it holds the token (0600) if there is one. */
export async function writeSubmissionFiles(folder: string, files: SubmissionFiles): Promise<void> {
  for (const name of ["batches", "bells", "jobs", "spool"])
    await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  if (files.coordinator !== undefined) {
    await writeFile(join(folder, "token"), `${files.coordinator.token}\n`, { mode: 0o600 });
    await writeFile(join(folder, "coordinator"), `${files.coordinator.origin}\n`);
  }
  await writeFile(join(folder, "lab"), `${files.labHash}\n`);
  await writeFile(join(folder, "programs"), `${files.programs}\n`);
  // Without blanks: of 10,000 jobs it is megabytes, and every first look at the submission brings it.
  await writeFile(join(folder, "plan.json"), `${JSON.stringify(files.plan)}\n`);
  if (files.awaited !== "") await writeFile(join(folder, "awaited.tsv"), files.awaited);
  for (const batch of files.batches) {
    await writeFile(join(folder, "batches", `${batch.number}.tsv`), renderBatchTable(batch));
  }
  if (files.localPlan !== undefined) await writeLocalFolder(join(folder, "local"), files.localPlan);
  for (const [id, contents] of files.jobs) {
    const place = join(folder, "jobs", id);
    await mkdir(place);
    await writeJson(join(place, "job.json"), contents.job);
    await writeJson(join(place, "inputs.json"), contents.inputs);
    await writeJson(join(place, "parameters.json"), contents.parameters);
    if (contents.runtime !== undefined) await writeFile(join(place, "runtime"), contents.runtime);
    if (contents.again !== undefined) await writeFile(join(place, "again"), `${contents.again}\n`);
    if (contents.parts !== undefined) await writeParts(place, contents.parts, contents.inputs);
  }
}

async function writeLocalFolder(place: string, plan: string): Promise<void> {
  for (const name of ["claims", "ends", "cancel"]) await mkdir(join(place, name), { recursive: true, mode: 0o700 });
  await writeFile(join(place, "plan.tsv"), plan);
}

/** Writes what `job-parts.sh` reads. */
async function writeParts(place: string, parts: JobParts, inputs: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(join(place, "parts.tsv"), renderPartsTable(parts));
  for (const step of parts.steps) await writeJson(join(place, `step-${step.name}.json`), step.inputs);
  await writeJson(join(place, "gather.json"), { ...inputs, ...parts.gatherInputs });
  await writeJson(join(place, "branch.json"), parts.branchOutputs);
}

/** Renders the programs of a scatter-gather job in the order in which they run: kind, name, program, steps needed. */
export function renderPartsTable({ scatter, steps, gather }: JobParts): string {
  const rows = [
    ["scatter", "-", scatter, "-"],
    ...steps.map(({ name, program, needs }) => ["step", name, program, needs.join(" ") || "-"]),
    ["gather", "-", gather, "-"],
  ];
  return rows.map((row) => `${row.join("\t")}\n`).join("");
}

/** Renders a batch so that line k is the task of array index k; indexes that the array leaves out are empty lines. */
export function renderBatchTable(batch: Batch): string {
  const last = Math.max(...batch.tasks.keys());
  const lines = Array.from({ length: last }, (_, offset) => {
    const task = batch.tasks.get(offset + 1);
    return task === undefined ? "" : `${task.id}\t${task.executable}`;
  });
  return `${lines.join("\n")}\n`;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
