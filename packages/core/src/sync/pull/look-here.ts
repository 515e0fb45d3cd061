import { lstatSync, type Stats } from "node:fs";
import { joinSource, toDiskPath } from "../tree/byte-path.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import type { PlacedEntry } from "./plan-pull.ts";

/** Looks what stands at paths below a destination. */
export interface Looker {
  /** Those at which nothing stands are not in it. */
  readonly found: ReadonlyMap<BytePath, PlacedEntry>;
  /** Without leaving the thread: going to another one and back would cost more than the look. */
  look(path: BytePath): void;
}

/** Starts to look at a destination. */
export function startLooking(destination: string): Looker {
  const found = new Map<BytePath, PlacedEntry>();
  const absent = new Set<BytePath>();
  const isThere = lookAt(destination) !== undefined;
  return {
    found,
    look(path) {
      if (!isThere || found.has(path)) return;
      const parent = path.slice(0, path.lastIndexOf("/"));
      const stats = absent.has(parent) ? undefined : lookAt(toDiskPath(joinSource(destination, path)));
      if (stats === undefined) absent.add(path);
      else found.set(path, describe(stats));
    },
  };
}

function lookAt(path: string | Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // What cannot be looked at counts as not there: writing it will tell why.
    return undefined;
  }
}

function describe(stats: Stats): PlacedEntry {
  const kind = stats.isFile() ? "file" : stats.isSymbolicLink() ? "symlink" : stats.isDirectory() ? "folder" : "other";
  return { kind, sizeBytes: stats.size, mtimeSeconds: Math.floor(stats.mtimeMs / 1000) };
}
