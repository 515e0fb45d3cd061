import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { tryCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";

/** Folders that no checkout contains; only a copy without Git needs to be told. */
const MADE = new Set(["node_modules", "coverage", ".wrangler", ".git"]);

/** Lists every file of the repository by its path from the root: tracked, or new and not ignored. */
export async function listFiles(): Promise<string[]> {
  const argv = ["git", "-c", `safe.directory=${REPOSITORY_ROOT}`, "ls-files", "-z", "--cached", "--others"];
  const listed = await tryCommand([...argv, "--exclude-standard"], { folder: REPOSITORY_ROOT });
  const paths = listed.exitCode === 0 ? listed.stdout.split("\0").filter((path) => path !== "") : await walk("");
  const kept = await Promise.all(paths.map(async (path) => ((await isFile(path)) ? [path] : [])));
  return kept.flat().toSorted();
}

/** Reads a file of the repository. */
export async function readText(path: string): Promise<string> {
  return readFile(join(REPOSITORY_ROOT, path), "utf8");
}

/** Lists the Markdown that people read; golden files are only compared. */
export async function listMarkdown(): Promise<string[]> {
  return (await listFiles()).filter((path) => path.endsWith(".md") && !path.includes(".golden."));
}

async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(join(REPOSITORY_ROOT, folder), { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter((entry) => !MADE.has(entry.name))
      .map(async (entry) => (entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)])),
  );
  return nested.flat();
}

/** A file that Git still lists may be gone from the folder. */
async function isFile(path: string): Promise<boolean> {
  const found = await lstat(join(REPOSITORY_ROOT, path)).catch(() => undefined);
  return found?.isFile() === true;
}
