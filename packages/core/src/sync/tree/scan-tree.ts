// Lists a tree as it is sent: folders before what they hold, siblings in byte order, links as they are.
import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { RepxError } from "../../model/errors.ts";
import { encodePath, joinPath, renderPath, toDiskPath } from "./byte-path.ts";
import { explainNamed, explainSource } from "./read-source.ts";
import type { BytePath, TreeEntry } from "./tree-entry.ts";

/** What to list. */
export interface ScanRequest {
  /** Absolute; a folder, a file or a symbolic link, which is then the only entry, with an empty path. */
  readonly source: string;
  /** Only these paths in it, and the folders that lead to them. */
  readonly only?: readonly string[] | undefined;
  /** Modes without write bits, and times 1, as in a Nix store. */
  readonly isStore: boolean;
}

/** What of a folder is wanted: all of it, or some names and what of these. */
type Selection = "all" | Map<BytePath, Selection>;

interface Walk {
  readonly top: BytePath;
  readonly isStore: boolean;
  readonly entries: TreeEntry[];
  /** Files with more than one name: device and inode to the first path in this tree. */
  readonly names: Map<string, BytePath>;
}

/** Lists a tree; a socket, a FIFO or a device in it is SYNC_SOURCE_UNSUPPORTED. */
export function scanTree({ source, only, isStore }: ScanRequest): TreeEntry[] {
  const walk: Walk = { top: encodePath(source), isStore, entries: [], names: new Map() };
  scanPath(walk, "", only === undefined ? "all" : selectPaths(only), true);
  return walk.entries;
}

function selectPaths(only: readonly string[]): Selection {
  const top: Selection = new Map<BytePath, Selection>();
  for (const text of only) {
    const parts = encodePath(text).split("/");
    if (text === "") return "all";
    if (parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new TypeError(`${text} is not a path in a tree`);
    }
    selectPath(top, parts);
  }
  return top;
}

function selectPath(folder: Map<BytePath, Selection>, [name = "", ...rest]: readonly BytePath[]): void {
  const known = folder.get(name);
  if (known === "all") return;
  if (rest.length === 0) {
    folder.set(name, "all");
    return;
  }
  const inner: Selection = known ?? new Map<BytePath, Selection>();
  folder.set(name, inner);
  selectPath(inner, rest);
}

/** `isNamed`: the caller of this project named the path; else a folder that was just read did. */
function scanPath(walk: Walk, path: BytePath, selection: Selection, isNamed: boolean): void {
  const place = joinPath(walk.top, path);
  try {
    const found = lstatSync(toDiskPath(place));
    if (found.isDirectory()) scanFolder(walk, path, found, selection);
    else if (selection !== "all") throw new RepxError("SYNC_SOURCE_UNREADABLE", ...refuseNoFolder(place));
    else walk.entries.push(makeEntry(walk, path, found));
  } catch (error) {
    throw isNamed ? explainNamed(place, error) : explainSource(place, error);
  }
}

function scanFolder(walk: Walk, path: BytePath, found: Stats, selection: Selection): void {
  walk.entries.push({ path, kind: "folder", mode: readMode(walk, found), mtimeSeconds: readTime(walk, found) });
  const names =
    selection === "all"
      ? readdirSync(toDiskPath(joinPath(walk.top, path)), { encoding: "latin1" })
      : [...selection.keys()];
  // One character is one byte: the order of code units is that of bytes.
  for (const name of names.toSorted()) {
    const inner = selection === "all" ? "all" : (selection.get(name) ?? "all");
    scanPath(walk, path === "" ? name : joinPath(path, name), inner, selection !== "all");
  }
}

function makeEntry(walk: Walk, path: BytePath, found: Stats): TreeEntry {
  const mtimeSeconds = readTime(walk, found);
  const place = joinPath(walk.top, path);
  if (found.isSymbolicLink()) {
    return { path, kind: "symlink", target: readlinkSync(toDiskPath(place), { encoding: "latin1" }), mtimeSeconds };
  }
  if (!found.isFile()) throw new RepxError("SYNC_SOURCE_UNSUPPORTED", ...refuseSpecial(place));
  const target = found.nlink > 1 ? findFirstName(walk, path) : undefined;
  if (target !== undefined) return { path, kind: "hardlink", target };
  return { path, kind: "file", mode: readMode(walk, found), sizeBytes: found.size, mtimeSeconds };
}

function findFirstName(walk: Walk, path: BytePath): BytePath | undefined {
  // Inode numbers of parallel file systems go beyond what a double holds exactly, and two files would be taken for one.
  const { dev, ino } = lstatSync(toDiskPath(joinPath(walk.top, path)), { bigint: true });
  const key = `${dev}:${ino}`;
  const first = walk.names.get(key);
  if (first === undefined) walk.names.set(key, path);
  return first;
}

/** Bits that run a program as another user or group say something about this machine alone. */
function readMode({ isStore }: Walk, { mode }: Stats): number {
  return mode & (isStore ? 0o555 : 0o777);
}

/** In whole seconds, within what a tar header of any form carries. */
function readTime({ isStore }: Walk, { mtimeMs }: Stats): number {
  return isStore ? 1 : Math.min(Math.max(Math.floor(mtimeMs / 1000), 0), 0o77777777777);
}

function refuseSpecial(place: BytePath): [string, { hint: string }] {
  const hint = "Remove it, or leave it out of what is sent; the target is as it was.";
  return [`${renderPath(place)} is a socket, a FIFO or a device`, { hint }];
}

function refuseNoFolder(place: BytePath): [string, { hint: string }] {
  const hint = "Build the Lab again; something was put in its place.";
  return [`${renderPath(place)} is not a folder`, { hint }];
}
