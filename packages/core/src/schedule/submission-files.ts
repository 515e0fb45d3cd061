import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobId } from "../model/ids.ts";
import type { Batch } from "./batches.ts";
import type { Again } from "./plan.ts";
import { planRetries, renderRetryLadder } from "./retry-ladder.ts";
import {
  renderBatchScript,
  renderItemsArguments,
  renderItemsScript,
  renderSbatchArguments,
  type SubmissionPlace,
} from "./sbatch-command.ts";
import type { SlurmFacts } from "./slurm-facts.ts";
import type { SubmissionPlan } from "./submission-plan.ts";

/** What a submission's folder on the target starts with. */
export interface SubmissionFiles {
  /** Who is told of the ends, and what speaks for the submission there; missing where nobody is. */
  readonly coordinator?: { readonly origin: string; readonly token: string };
  readonly labHash: string;
  /** Where it will lie, and with which programs: also for whoever starts the relay again. */
  readonly place: SubmissionPlace;
  readonly plan: SubmissionPlan;
  readonly batches: readonly Batch[];
  /** The text of `awaited.tsv`: jobs of other submissions that this one reports as well. */
  readonly awaited: string;
  /** SLURM's ids of the arrays that have them, by the numbers that the batches' dependencies have for them. */
  readonly awaitedArrays?: ReadonlyMap<number, string>;
  /** What the target's SLURM can give to a job that is retried. */
  readonly slurm?: SlurmFacts;
  readonly jobs: ReadonlyMap<JobId, JobFiles>;
  /** The folder of every node below which jobs have the Lab's software copied; absent where they read it below the base path. */
  readonly nodeStore?: string;
  /** For the agent of the scheduler `local`, where that is the target's. */
  readonly localPlan?: string;
}

/**
 * What a job finds in its submission: what goes into its record, its inputs and its parameters. Few jobs have more; that lies in a
 * folder of their own.
 */
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
  await writeFile(join(folder, "programs"), `${files.place.programs}\n`);
  if (files.nodeStore !== undefined) await writeFile(join(folder, "node-store"), `${files.nodeStore}\n`);
  // Without blanks: of 10,000 jobs it is megabytes, and every first look at the submission brings it.
  await writeFile(join(folder, "plan.json"), `${JSON.stringify(files.plan)}\n`);
  if (files.awaited !== "") await writeFile(join(folder, "awaited.tsv"), files.awaited);
  for (const batch of files.batches) {
    const at = join(folder, "batches", String(batch.number));
    if (batch.scatters === undefined) {
      const { table, documents } = renderBatchFiles(batch, files.jobs);
      await writeFile(`${at}.tsv`, table);
      await writeFile(`${at}.json`, documents);
    }
    if (files.localPlan !== undefined) continue;
    // A policy is for the jobs themselves.
    const retries = batch.scatters === undefined ? planRetries(batch.resources, files.slurm) : undefined;
    const argv = renderSbatchArguments(batch, files.place, files.awaitedArrays, retries);
    await writeFile(`${at}.sbatch`, `${argv.join("\n")}\n`);
    await writeFile(`${at}.sh`, renderBatchScript(batch, files.place));
    if (retries !== undefined) await writeFile(`${at}.retry`, renderRetryLadder(retries));
  }
  if (files.localPlan !== undefined) await writeLocalFolder(join(folder, "local"), files.localPlan);
  for (const [id, contents] of files.jobs) await writeJobFolder(join(folder, "jobs", id), contents);
  for (const batch of files.batches) if (batch.scatters !== undefined) await writeItems(folder, batch, files.place);
}

/** Writes with what the scatters of a batch submit their work items. */
async function writeItems(
  folder: string,
  { stage, tasks, scatters = 0 }: Batch,
  place: SubmissionPlace,
): Promise<void> {
  for (const { id, items } of tasks.values()) {
    if (items === undefined) continue;
    const at = join(folder, "jobs", id);
    await writeFile(join(at, "items.sbatch"), `${renderItemsArguments(stage, items, place).join("\n")}\n`);
    await writeFile(join(at, "items.sh"), renderItemsScript(scatters, place), { mode: 0o700 });
  }
}

async function writeJobFolder(place: string, { runtime, again, parts, inputs }: JobFiles): Promise<void> {
  if (runtime === undefined && again === undefined && parts === undefined) return;
  await mkdir(place);
  if (runtime !== undefined) await writeFile(join(place, "runtime"), runtime);
  if (again !== undefined) await writeFile(join(place, "again"), `${again}\n`);
  if (parts !== undefined) await writeParts(place, parts, inputs);
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

/** The files of a batch that its jobs read. */
export interface BatchFiles {
  readonly table: string;
  readonly documents: Uint8Array;
}

/**
 * Renders a batch so that line k of the table is the task of array index k; indexes that the array leaves out are empty
 * lines. A line has the job, its program, and where in `documents` its three lie: the first byte, then the size of each. In one
 * file for all, as ten thousand jobs would be forty thousand files on the target.
 */
export function renderBatchFiles(batch: Batch, jobs: ReadonlyMap<JobId, JobFiles>): BatchFiles {
  const lines: string[] = Array.from({ length: Math.max(...batch.tasks.keys()) }, () => "");
  const documents: Uint8Array[] = [];
  let at = 0;
  for (const [index, { id, executable }] of batch.tasks) {
    const { job = null, inputs = {}, parameters = {} } = jobs.get(id) ?? {};
    const own = [job, inputs, parameters].map((one) => Buffer.from(renderJson(one)));
    lines[index - 1] = [id, executable, at, ...own.map((one) => one.length)].join("\t");
    documents.push(...own);
    at += own.reduce((size, one) => size + one.length, 0);
  }
  return { table: `${lines.join("\n")}\n`, documents: Buffer.concat(documents) };
}

function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, renderJson(value));
}
