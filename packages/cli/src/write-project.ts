import { lstat, mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { RepxError } from "@repx/core/model";

const TEMPLATE = fileURLToPath(new URL("../template", import.meta.url));
/** npm leaves a file of that name out of a package, so it lies here without its dot. */
const RENAMED = new Map([["gitignore", ".gitignore"]]);
const SHOWN = 5;

/**
 * Writes the template's files into a folder, with the name in place of `{{name}}`, and answers their paths in it.
 * Nothing is overwritten: INPUT_INVALID lists what is in the way. When a file cannot be written, those before it go again.
 */
export async function writeProject(folder: string, name: string): Promise<string[]> {
  const files = await readTemplate(name);
  const taken = await listTaken(folder, [...files.keys()]);
  if (taken.length > 0) throw refuseTaken(folder, taken);
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
  return [...files.keys()];
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
  const more = taken.length > SHOWN ? ` and ${taken.length - SHOWN} more` : "";
  const files = `${taken.slice(0, SHOWN).join(", ")}${more}`;
  return new RepxError("INPUT_INVALID", `${folder} has files that would be overwritten: ${files}`, {
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
