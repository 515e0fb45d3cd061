import { createHash } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { open, readdir, realpath, stat, type FileHandle } from "node:fs/promises";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { refuseEscape, refuseKind, refuseLab, refuseLinks, refuseMissing, refuseSize } from "../refuse-lab.ts";
import type { EntryKind, LabSource } from "./lab-source.ts";

const FILES_AT_ONCE = 16;
const SMALL_BYTES = 1024 * 1024;
const STORE_PATH = /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[^/]+$/;

/** Opens a Lab that is a folder; `path` names it in messages. */
export async function openFolder(path: string): Promise<LabSource> {
  const root = await realpath(path).catch((cause: unknown) => {
    throw refusePath(path, "the folder", cause);
  });
  const find = async (file: string): Promise<string> => findPlace({ path, root }, file);
  return {
    path,
    kind: "folder",
    list: async (folder) => listFolder({ path, root }, folder),
    has: async (file) => (await findPlaceIfAny({ path, root }, file)) !== undefined,
    readFile: async (file, maxBytes) => {
      await using handle = await openFile(path, file, await find(file));
      const { size } = await handle.stat();
      if (size > maxBytes) throw refuseSize(path, file, size, maxBytes);
      return handle.readFile();
    },
    hashFiles: async (files) => {
      const hashes = await mapSome(files, async (file) => hashFile(path, file, await find(file)));
      return new Map(files.map((file, index) => [file, hashes[index] ?? ""]));
    },
    // What lies in the Nix store never changes, but Nix itself touches the times of its files.
    stamp: async (files) => (STORE_PATH.test(root) ? root : stampFiles(await mapSome(files, find), root)),
  };
}

interface Root {
  readonly path: string;
  readonly root: string;
}

async function findPlace(at: Root, file: string): Promise<string> {
  const place = await findPlaceIfAny(at, file);
  if (place === undefined) throw refuseMissing(at.path, file);
  return place;
}

async function findPlaceIfAny({ path, root }: Root, file: string): Promise<string | undefined> {
  const place = await realpath(join(root, file)).catch((cause: unknown) => {
    if (isCode(cause, "ENOENT", "ENOTDIR", "ENAMETOOLONG")) return undefined;
    throw refusePath(path, file, cause);
  });
  if (place === undefined || place.startsWith(`${root === sep ? "" : root}${sep}`)) return place;
  throw refuseEscape(path, file);
}

async function listFolder(at: Root, folder: string): Promise<Map<string, EntryKind>> {
  const place = await findPlaceIfAny(at, folder);
  const entries = await readdir(place ?? join(at.root, folder), { withFileTypes: true }).catch((cause: unknown) => {
    if (isCode(cause, "ENOENT", "ENOTDIR")) return [];
    throw refusePath(at.path, folder, cause);
  });
  return new Map(entries.map((entry) => [entry.name, readKind(entry)]));
}

function readKind(entry: Dirent): EntryKind {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isDirectory()) return "folder";
  return entry.isFile() ? "file" : "other";
}

/** Without waiting for a writer where the path is a named pipe. */
async function openFile(path: string, file: string, place: string): Promise<FileHandle> {
  const handle = await open(place, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    if (isCode(cause, "ENXIO")) throw refuseKind(path, file);
    throw refusePath(path, file, cause);
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw refuseKind(path, file);
}

async function hashFile(path: string, file: string, place: string): Promise<string> {
  await using handle = await openFile(path, file, place);
  const hash = createHash("sha256");
  // Most files of a Lab are small, and a stream for each takes longer than its content.
  if ((await handle.stat()).size <= SMALL_BYTES) return hash.update(await handle.readFile()).digest("hex");
  await pipeline(handle.createReadStream({ autoClose: false }), hash);
  return hash.digest("hex");
}

async function stampFiles(places: readonly string[], root: string): Promise<string> {
  const stamps = await mapSome(places, async (place) => {
    const { size, mtimeNs, ctimeNs, ino } = await stat(place, { bigint: true });
    return `${place} ${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  });
  return `${root} ${createHash("sha256").update(stamps.join("\n")).digest("hex")}`;
}

/** Maps with a few at once, in order. */
async function mapSome<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += FILES_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + FILES_AT_ONCE).map(map))));
  }
  return results;
}

function refusePath(path: string, file: string, cause: unknown): Error {
  if (isCode(cause, "ENOENT")) return refuseMissing(path, file, cause);
  if (isCode(cause, "ELOOP")) return refuseLinks(path, file, cause);
  return refuseLab(path, `${file} cannot be read (${readCode(cause)})`, { file }, cause);
}

function isCode(cause: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(readCode(cause));
}

function readCode(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
