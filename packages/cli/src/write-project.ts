import { lstat, mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { RepxError } from "@repx/core/model";
import { listWords } from "./advise.ts";

const TEMPLATE = fileURLToPath(new URL("../template", import.meta.url));
/** npm leaves a file of that name out of a package, so it lies here without its dot. */
const RENAMED = new Map([["gitignore", ".gitignore"]]);
/** What a new repository often has already, and a project builds without. */
const SPARE: readonly string[] = [".gitignore", "README.md"];
const SHOWN = 5;

/** The files of the template, by their paths in the folder. */
export interface WrittenProject {
  readonly files: readonly string[];
  /** Those that were there and stay as they are. */
  readonly kept: readonly string[];
}

/**
 * Writes the template's files into a folder, with the name in place of `{{name}}`. Nothing is overwritten: a README.md and a
 * .gitignore are kept, and INPUT_INVALID lists what else is in the way. When a file cannot be written, those before it go again.
 */
export async function writeProject(folder: string, name: string): Promise<WrittenProject> {
  const files = await readTemplate(name);
  const taken = await listTaken(folder, [...files.keys()]);
  const kept = taken.filter((path) => SPARE.includes(path));
  const blocking = taken.filter((path) => !SPARE.includes(path));
  if (blocking.length > 0) throw refuseTaken(folder, blocking);
  for (const path of kept) files.delete(path);
  const written: string[] = [];
  const made: string[] = [];
  try {
    for (const [path, text] of files) {
      made.push(...(await makeFolders(dirname(join(folder, path)))));
      await writeFile(join(folder, path), text, { flag: "wx" });
      written.push(join(folder, path));
    }
  } catch (cause) {
    for (const path of written) await rm(path, { force: true });
    // The deepest first; one that somebody has put a file into stays.
    for (const path of made.toReversed()) await rmdir(path).catch(() => undefined);
    throw refuseWrite(folder, cause);
  }
  return { files: [...files.keys()], kept };
}

async function readTemplate(name: string): Promise<Map<string, string>> {
  const entries = await readdir(TEMPLATE, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map(async (path) => {
    const place = relative(TEMPLATE, path).split(sep).join("/");
    const text = (await readFile(path, "utf8")).replaceAll("{{name}}", () => name);
    return [RENAMED.get(place) ?? place, text] as const;
  });
  return new Map((await Promise.all(files)).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

async function listTaken(folder: string, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => ((await lstat(join(folder, path)).catch(() => undefined)) === undefined ? [] : [path])),
  );
  return found.flat();
}

/** Makes a folder with those above it; answers the ones that were not there, the outermost first. */
async function makeFolders(folder: string): Promise<string[]> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return [];
  const inner = relative(first, folder)
    .split(sep)
    .filter((part) => part !== "");
  return inner.reduce((made, part) => [...made, join(made.at(-1) ?? first, part)], [first]);
}

function refuseTaken(folder: string, taken: readonly string[]): RepxError {
  return new RepxError("INPUT_INVALID", `${folder} has files that would be overwritten: ${listWords(taken, SHOWN)}`, {
    hint: "Name a folder without them, `repx init FOLDER`; nothing was written.",
    details: { files: taken },
  });
}

function refuseWrite(folder: string, cause: unknown): RepxError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RepxError("INPUT_INVALID", `the project cannot be written to ${folder}: ${reason}`, {
    hint: "Name a folder that you may write to; nothing was left in this one.",
    cause,
  });
}
