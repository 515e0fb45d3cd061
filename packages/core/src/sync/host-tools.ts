// A Lab's host tools: static programs for the target's login node and nodes. In the Lab they are links into its store/;
// a target has them as files, in a folder named by what they are, once for all Labs that bring the same.
import { createHash } from "node:crypto";
import { chmod, copyFile, link, mkdir, readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { RepxError } from "../model/errors.ts";
import type { PushItem } from "./push/push-item.ts";

/** The host tools of a Lab. */
export interface HostTools {
  /** Names their folder on a target. */
  readonly hash: string;
  /** The file with a tool's content, absolute, by the tool's name. */
  readonly files: ReadonlyMap<string, string>;
}

/** As RepX and our library name the folder: by the store paths that the tools came from. */
const HASH = /^[0-9a-f]{64}$/;
const MODE = 0o555;

/** Reads which host tools a Lab's folder has; undefined where it has none. LAB_INVALID where a link leads out of it. */
export async function readHostTools(lab: string): Promise<HostTools | undefined> {
  // The first one counts, as for RepX.
  const [folder] = (await listNames(join(lab, "host-tools"))).toSorted();
  if (folder === undefined) return undefined;
  const bin = join(lab, "host-tools", folder, "bin");
  const files = new Map<string, string>();
  for (const name of (await listNames(bin)).toSorted()) files.set(name, await findInside(lab, join(bin, name)));
  if (files.size === 0) return undefined;
  return { hash: HASH.test(folder) ? folder : await hashFiles(files), files };
}

/** Where a target has these tools, relative to its base path. */
export function nameToolsFolder({ hash }: Pick<HostTools, "hash">): string {
  return `host-tools/${hash}`;
}

/** Makes the item that sends the tools from where `stageHostTools` leaves them. */
export function placeHostTools(tools: HostTools, stagingFolder: string): PushItem {
  return { source: join(stagingFolder, nameToolsFolder(tools)), destination: nameToolsFolder(tools) };
}

/** Writes the tools as a target has them; several names of one file are hard links. */
export async function stageHostTools(tools: HostTools, stagingFolder: string): Promise<void> {
  const bin = join(stagingFolder, nameToolsFolder(tools), "bin");
  await mkdir(bin, { recursive: true });
  const written = new Map<string, string>();
  for (const [name, file] of tools.files) {
    const place = join(bin, name);
    const twin = written.get(file);
    if (twin === undefined) {
      await copyFile(file, place);
      await chmod(place, MODE);
      written.set(file, place);
    } else {
      await link(twin, place);
    }
  }
}

/**
 * Finds the file that a path in a Lab stands for. A link that leads out is refused: nothing but the Lab's own files is
 * ever sent, whoever made it.
 */
export async function findInside(lab: string, path: string): Promise<string> {
  const root = await realpath(lab);
  const place = await realpath(path).catch((cause: unknown) => {
    throw refuse(path, "it is missing", cause);
  });
  if (!place.startsWith(`${root}${sep}`)) throw refuse(path, `it leads out of the Lab, to ${place}`);
  if (!(await stat(place)).isFile()) throw refuse(path, "it is not a file");
  return place;
}

async function listNames(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw refuse(folder, `it cannot be listed (${error.code})`, error);
  });
}

/** Over names and contents, as for the programs. */
async function hashFiles(files: ReadonlyMap<string, string>): Promise<string> {
  const hash = createHash("sha256");
  for (const [name, file] of files) {
    const content = await readFile(file);
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function refuse(path: string, why: string, cause?: unknown): RepxError {
  return new RepxError("LAB_INVALID", `${path} cannot be sent: ${why}`, {
    hint: "Build the Lab again, or see that it was copied whole (`tar -h` and `cp -a` keep what it holds).",
    cause,
  });
}
