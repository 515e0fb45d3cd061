import { stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { RepxError } from "../../model/errors.ts";
import type { JobId, RunName } from "../../model/ids.ts";
import { LabManifest, RootMetadata, RunMetadata, type Lab, type LabJob, type LabRun } from "../../model/lab.ts";
import { checkWires } from "../graph/check-wires.ts";
import { clipText } from "../clip-text.ts";
import { openFolder } from "../source/folder-source.ts";
import { refuseLab, refuseMissing } from "../refuse-lab.ts";
import type { LabSource } from "../source/lab-source.ts";
import { orderLabJobs } from "../graph/order-lab-jobs.ts";
import { startMetadataReader, type MetadataReader } from "./metadata-reader.ts";

/** A Lab's content, read and checked. */
export interface ReadLab {
  readonly source: LabSource;
  readonly lab: Lab;
  /** Every job after all that it waits for. */
  readonly order: readonly JobId[];
  /** The files that describe the Lab, relative to it: what a target keeps to know it by. */
  readonly metadataPaths: readonly string[];
}

/** A Lab in a folder of this machine. */
export interface OpenLab extends ReadLab {
  readonly folder: string;
}

const STORE_PATH = /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+$/;
const STORE_PATHS_FILE = "closure/store-paths";
const MOST_STORE_PATHS_BYTES = 64 * 1024 * 1024;
const MOST_RUNS = 10_000;

/** Reads the metadata of a Lab's folder and checks that it fits together; file contents are left to `verifyLab`. */
export async function openLab(folder: string): Promise<OpenLab> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) {
    throw new RepxError("LAB_MISSING", `there is no Lab folder ${folder}`, {
      hint: "Build the Lab with `nix build`, and name the folder it leaves or the flake that it is built from.",
    });
  }
  return { folder, ...(await readLab(await openFolder(folder))) };
}

/** Reads a Lab's metadata and checks that it fits together; the manifest is looked for when it is not named. */
export async function readLab(source: LabSource, named?: string): Promise<ReadLab> {
  const manifestPath = named ?? (await findManifest(source));
  const reader = startMetadataReader(source);
  const manifest = await reader.read(manifestPath, LabManifest);
  const root = await reader.read(manifest.metadata, RootMetadata);
  const files = await readRuns(source, reader, root.runs);
  const lab: Lab = {
    hash: manifest.labId,
    gitHash: root.gitHash,
    ...(typeof root.repx_version === "string" ? { repxVersion: root.repx_version } : {}),
    manifest,
    runs: collectRuns(source.path, files),
    groups: new Map(Object.entries(root.groups ?? {})),
    jobs: collectJobs(source.path, files),
    storePaths: await readStorePaths(source),
  };
  checkWires(source.path, lab);
  const order = orderLabJobs(source.path, lab);
  await checkPlaces(source, lab);
  const closure = lab.storePaths.length === 0 ? [] : [STORE_PATHS_FILE];
  return { source, lab, order, metadataPaths: [manifestPath, manifest.metadata, ...files.keys(), ...closure] };
}

/** Picks `lab-metadata.json` among the names in `lab/`, or an older name with a hash before it. */
export function chooseManifest(names: readonly string[]): string | undefined {
  const found = names.filter((name) => name.endsWith("lab-metadata.json")).toSorted();
  return found.find((name) => name === "lab-metadata.json") ?? found[0];
}

async function findManifest(source: LabSource): Promise<string> {
  const name = chooseManifest([...(await source.list("lab")).keys()]);
  if (name !== undefined) return `lab/${name}`;
  throw refuseMissing(source.path, "lab/lab-metadata.json");
}

async function readRuns(
  source: LabSource,
  reader: MetadataReader,
  paths: readonly string[],
): Promise<Map<string, RunMetadata>> {
  if (paths.length > MOST_RUNS)
    throw refuseLab(source.path, `it has ${paths.length} runs; at most ${MOST_RUNS} are read`);
  const files = new Map<string, RunMetadata>();
  for (const path of new Set(paths)) files.set(path, await reader.read(path, RunMetadata));
  return files;
}

function collectRuns(lab: string, files: ReadonlyMap<string, RunMetadata>): Map<RunName, LabRun> {
  const runs = new Map<RunName, LabRun>();
  for (const [path, file] of files) {
    if (runs.has(file.name)) throw refuseLab(lab, `${path} at /name: the run ${file.name} is there twice`);
    const dependencies = Object.entries(file.dependencies).map(([upstream, kind]): [RunName, "hard" | "soft"] => {
      const name = files.get(upstream)?.name;
      if (name !== undefined) return [name, kind];
      throw refuseLab(lab, `${path} at /dependencies: no run has the metadata ${clipText(upstream)}`);
    });
    runs.set(file.name, {
      name: file.name,
      metadataPath: path,
      jobIds: Object.keys(file.jobs).filter(isKeyOf(file.jobs)),
      dependencies: new Map(dependencies),
      ...(typeof file.image === "string" ? { image: file.image } : {}),
    });
  }
  return runs;
}

function isKeyOf<Key extends string>(table: Record<Key, unknown>): (key: string) => key is Key {
  return (key): key is Key => Object.hasOwn(table, key);
}

function collectJobs(lab: string, files: ReadonlyMap<string, RunMetadata>): Map<JobId, LabJob> {
  const jobs = new Map<JobId, LabJob>();
  for (const [path, file] of files) {
    for (const id of Object.keys(file.jobs).filter(isKeyOf(file.jobs))) {
      const job = file.jobs[id];
      if (job === undefined) continue;
      checkPrograms(lab, `${path} at /jobs/${id}`, id, job);
      const other = jobs.get(id);
      if (other === undefined) jobs.set(id, job);
      else if (!isSameJob(other, job)) throw refuseLab(lab, `${path} at /jobs/${id}: another run has it otherwise`);
    }
  }
  return jobs;
}

function checkPrograms(lab: string, where: string, id: JobId, job: LabJob): void {
  for (const [name, executable] of Object.entries(job.executables)) {
    if (executable.path.startsWith(`jobs/${id}/`)) continue;
    throw refuseLab(lab, `${where}/executables/${clipText(name)}/path: it is not in the job's folder`);
  }
}

/** Resources are no part of what a job is. */
function isSameJob(left: LabJob, right: LabJob): boolean {
  return isDeepStrictEqual(stripResources(left), stripResources(right));
}

function stripResources(job: LabJob): unknown {
  const parts = Object.entries(job.executables).map(([name, part]) => [name, { ...part, resource_hints: undefined }]);
  return { ...job, resource_hints: undefined, executables: Object.fromEntries(parts) };
}

async function readStorePaths(source: LabSource): Promise<string[]> {
  const file = STORE_PATHS_FILE;
  if (!(await source.has(file))) return [];
  const text = (await source.readFile(file, MOST_STORE_PATHS_BYTES)).toString("utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const odd = lines.find((line) => !STORE_PATH.test(line));
  if (odd === undefined) return [...new Set(lines)];
  throw refuseLab(source.path, `${file}: ${JSON.stringify(clipText(odd))} is not a store path`, { file });
}

async function checkPlaces(source: LabSource, lab: Lab): Promise<void> {
  const folders = await source.list("jobs");
  for (const id of lab.jobs.keys()) {
    if (folders.get(id) !== "folder") throw refuseLab(source.path, `the job folder jobs/${id} is missing`, { job: id });
  }
  for (const image of new Set([...lab.runs.values()].flatMap((run) => run.image ?? []))) {
    if (!(await source.has(image))) throw refuseMissing(source.path, image);
  }
}
