import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { RepxError } from "../model/errors.ts";
import type { JobId, RunName } from "../model/ids.ts";
import { dependenciesOf, orderJobs } from "../model/job-graph.ts";
import { LabManifest, RootMetadata, RunMetadata, type Lab, type LabJob, type LabRun } from "../model/lab.ts";
import { checkWires } from "./check-wires.ts";
import { readMetadata, refuseEscape, refuseLab } from "./read-metadata.ts";

/** A Lab on this machine. */
export interface OpenLab {
  readonly folder: string;
  readonly lab: Lab;
  /** The files that describe the Lab, relative to the folder: what a target keeps to know it by. */
  readonly metadataPaths: readonly string[];
}

const STORE_PATH = /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+$/;
const STORE_PATHS_FILE = "closure/store-paths";
const JOBS_AT_ONCE = 64;

/** Reads a Lab's metadata and checks that it fits together; file contents are left to `verifyLab`. */
export async function openLab(folder: string): Promise<OpenLab> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) {
    throw new RepxError("LAB_MISSING", `there is no Lab folder ${folder}`, {
      hint: "Build the Lab with `nix build`, and name the folder it leaves or the flake that it is built from.",
    });
  }
  const manifestPath = await findManifest(folder);
  const manifest = await readMetadata(folder, manifestPath, LabManifest);
  const root = await readMetadata(folder, manifest.metadata, RootMetadata);
  const files = new Map<string, RunMetadata>();
  for (const path of root.runs) files.set(path, await readMetadata(folder, path, RunMetadata));
  const lab: Lab = {
    hash: manifest.labId,
    gitHash: root.gitHash,
    manifest,
    runs: collectRuns(folder, files),
    groups: new Map(Object.entries(root.groups ?? {})),
    jobs: collectJobs(folder, files),
    storePaths: await readStorePaths(folder),
  };
  checkWires(folder, lab);
  orderJobs(dependenciesOf(lab, [...lab.runs.keys()]));
  await checkJobFolders(folder, [...lab.jobs.keys()]);
  const closure = lab.storePaths.length === 0 ? [] : [STORE_PATHS_FILE];
  return { folder, lab, metadataPaths: [manifestPath, manifest.metadata, ...root.runs, ...closure] };
}

/** Finds `lab/lab-metadata.json`, or under an older name with a hash before it; undefined when a folder is no Lab. */
export async function findManifestPath(folder: string): Promise<string | undefined> {
  const names = await readdir(join(folder, "lab")).catch(() => []);
  const found = names.filter((name) => name.endsWith("lab-metadata.json")).toSorted();
  const name = found.find((one) => one === "lab-metadata.json") ?? found[0];
  return name === undefined ? undefined : `lab/${name}`;
}

async function findManifest(folder: string): Promise<string> {
  const path = await findManifestPath(folder);
  if (path === undefined)
    throw refuseLab(folder, "lab/lab-metadata.json is missing", { file: "lab/lab-metadata.json" });
  return path;
}

function collectRuns(folder: string, files: ReadonlyMap<string, RunMetadata>): Map<RunName, LabRun> {
  const runs = new Map<RunName, LabRun>();
  for (const [path, file] of files) {
    if (runs.has(file.name)) throw refuseLab(folder, `${path} at /name: the run ${file.name} is there twice`);
    const dependencies = Object.entries(file.dependencies).map(([upstream, kind]): [RunName, "hard" | "soft"] => {
      const name = files.get(upstream)?.name;
      if (name === undefined) throw refuseLab(folder, `${path} at /dependencies: no run has the metadata ${upstream}`);
      return [name, kind];
    });
    runs.set(file.name, {
      name: file.name,
      metadataPath: path,
      jobIds: Object.keys(file.jobs).filter(isKeyOf(file.jobs)),
      dependencies: new Map(dependencies),
    });
  }
  return runs;
}

function isKeyOf<Key extends string>(table: Record<Key, unknown>): (key: string) => key is Key {
  return (key): key is Key => Object.hasOwn(table, key);
}

function collectJobs(folder: string, files: ReadonlyMap<string, RunMetadata>): Map<JobId, LabJob> {
  const jobs = new Map<JobId, LabJob>();
  for (const [path, file] of files) {
    for (const id of Object.keys(file.jobs).filter(isKeyOf(file.jobs))) {
      const job = file.jobs[id];
      for (const [name, executable] of Object.entries(job?.executables ?? {})) {
        if (executable.path.startsWith(`jobs/${id}/`)) continue;
        throw refuseLab(folder, `${path} at /jobs/${id}/executables/${name}/path: it is not in the job's folder`);
      }
      if (job !== undefined && !jobs.has(id)) jobs.set(id, job);
    }
  }
  return jobs;
}

async function readStorePaths(folder: string): Promise<string[]> {
  const path = STORE_PATHS_FILE;
  if ((await lstat(join(folder, path)).catch(() => undefined)) === undefined) return [];
  await refuseEscape(folder, path);
  const lines = (await readFile(join(folder, path), "utf8")).split("\n").filter((line) => line !== "");
  const odd = lines.find((line) => !STORE_PATH.test(line));
  if (odd !== undefined) throw refuseLab(folder, `${path}: ${JSON.stringify(odd)} is not a store path`, { file: path });
  return [...new Set(lines)];
}

async function checkJobFolders(folder: string, ids: readonly JobId[]): Promise<void> {
  for (let at = 0; at < ids.length; at += JOBS_AT_ONCE) {
    await Promise.all(
      ids.slice(at, at + JOBS_AT_ONCE).map(async (id) => {
        const found = await lstat(join(folder, "jobs", id)).catch(() => undefined);
        if (found?.isDirectory() !== true) throw refuseLab(folder, `the job folder jobs/${id} is missing`, { job: id });
      }),
    );
  }
}
