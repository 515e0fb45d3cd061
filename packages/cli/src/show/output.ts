import { open, readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Job } from "@repx/core/lab";
import { renderBytes, RepxError } from "@repx/core/model";
import { advise, listWords } from "../advise.ts";
import type { CommandCall } from "../command.ts";
import { renderTable } from "../render-table.ts";

/** A file that a job left. */
export interface OutputFile {
  /** From the job's folder: `out/metrics.json`, `repx/stdout.log`. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** A person at a terminal is not served by more; the files themselves are where --json says. */
const MOST_FILES = 1000;

/** Lists the files in a job's output folder, or prints one of them as it is; 1 when there is none. */
export async function showOutput(
  job: Job,
  target: string,
  path: string | undefined,
  call: CommandCall,
): Promise<number> {
  const { screen } = call;
  const folder = join(findFolder(job, target), "out");
  const files = (await listOutputFiles(job, target)).filter((file) => file.path.startsWith("out/"));
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    screen.note(`${job.id} has left nothing on ${target}: it is ${await job.status(target)}.`);
    if (call.isSet("json")) screen.printJson({ id: job.id, folder, files: [] });
    return 1;
  }
  if (path !== undefined) return printFile(folder, path, files, call);
  if (call.isSet("json")) {
    const listed = files.map((file) => ({ ...file, path: trimOut(file), absolutePath: join(folder, trimOut(file)) }));
    screen.printJson({ id: job.id, folder, files: listed });
    return 0;
  }
  screen.print(`${screen.paint("bold", folder)}:`);
  const rows = files.map((file) => [trimOut(file), renderBytes(file.sizeBytes)]);
  if (rows.length === 0) screen.note("  (no files)");
  else for (const line of renderTable({ head: ["FILE", "SIZE"], rows, right: [1] }, screen, "  ")) screen.print(line);
  return 0;
}

/** Lists what a job left, and what was kept of how it ran; nothing when it has not run. */
export async function listOutputFiles(job: Job, target: string): Promise<OutputFile[]> {
  const folder = findFolder(job, target);
  const found = await Promise.all(["out", "repx"].map(async (part) => listFolder(join(folder, part))));
  const files = await Promise.all(
    found
      .flat()
      .slice(0, MOST_FILES)
      .map(async (path) => ({ path: relative(folder, path).split(sep).join("/"), sizeBytes: (await stat(path)).size })),
  );
  return files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

async function listFolder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function findFolder(job: Job, target: string): string {
  return join(resolve(target), "outputs", job.id);
}

function trimOut({ path }: OutputFile): string {
  return path.slice("out/".length);
}

async function printFile(
  folder: string,
  path: string,
  files: readonly OutputFile[],
  call: CommandCall,
): Promise<number> {
  if (call.isSet("json")) {
    throw new RepxError("INPUT_INVALID", "a file is printed as it is, not as JSON", {
      hint: `Leave out --json, or leave out ${path} for the list of files.`,
    });
  }
  const names = files.map(trimOut);
  const place = resolve(folder, path);
  const real = await realpath(place).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isFile()) throw refuseFile(path, names);
  if (!isInside(await realpath(folder), real)) {
    throw new RepxError("INPUT_INVALID", `${path} leads out of the job's output folder`, {
      hint: `Name a file in it: ${listWords(names)}.`,
    });
  }
  await using file = await open(real);
  for await (const chunk of file.createReadStream({ autoClose: false })) call.screen.write(chunk);
  return 0;
}

function isInside(folder: string, path: string): boolean {
  return path.startsWith(`${folder}${sep}`) && dirname(path).startsWith(folder);
}

function refuseFile(path: string, names: readonly string[]): RepxError {
  const list = names.length === 0 ? "It left no files." : `It left ${listWords(names)}.`;
  return new RepxError("INPUT_INVALID", `the job left no file ${path}`, {
    hint: advise(path, names, list),
  });
}
