// Puts what arrived into place: each file by one rename, after its folders. Never through a link here, and never over a folder.
// The steps are so short that going to another thread and back for each would cost more than they do.
import { lstatSync, mkdirSync, renameSync, unlinkSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import type { JobId } from "../../model/ids.ts";
import { joinSource, toDiskPath } from "../tree/byte-path.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import { leaveOut } from "./plan-pull.ts";
import type { LeftOut } from "./pull-request.ts";
import { describeWriteFailure, readErrorCode } from "./staging-folder.ts";
import type { ArrivedEntry } from "./unpack-stream.ts";

/** Puts things into place below a destination. */
export interface Placer {
  /** Renames staged entries into place; answers those that something here stands in the way of. */
  place(arrived: readonly ArrivedEntry[]): Promise<LeftOut[]>;
  makeFolders(paths: readonly BytePath[]): Promise<void>;
  /** Removes a job's stale markers, once. */
  removeMarkers(jobs: Iterable<JobId>): Promise<void>;
}

const STEPS_AT_ONCE = 100;
const IN_THE_WAY = "here something that is no folder is in its way";

/** Makes a placer; `staleMarkers` go before the first file of their job changes. */
export function makePlacer(destination: string, staleMarkers: ReadonlyMap<JobId, readonly BytePath[]>): Placer {
  const stale = new Map(staleMarkers);
  const folders = new Map<BytePath, "new" | "old" | undefined>();
  const locate = (path: BytePath): string | Buffer => toDiskPath(joinSource(destination, path));
  const openFolder = (path: BytePath): "new" | "old" | undefined => {
    if (folders.has(path)) return folders.get(path);
    const end = path.lastIndexOf("/");
    const parent = end === -1 ? "old" : openFolder(path.slice(0, end));
    const folder = parent === undefined ? undefined : makeFolder(locate(path), parent === "new");
    folders.set(path, folder);
    return folder;
  };
  const removeMarkers = (job: JobId): void => {
    for (const path of stale.get(job) ?? []) removeFile(locate(path));
    stale.delete(job);
  };
  const placeOne = ({ entry, stagedPath }: ArrivedEntry): LeftOut[] => {
    removeMarkers(entry.job);
    if (openFolder(entry.path.slice(0, entry.path.lastIndexOf("/"))) === undefined)
      return [leaveOut(entry, IN_THE_WAY)];
    const obstacle = renameOver(stagedPath, locate(entry.path));
    return obstacle === undefined ? [] : [leaveOut(entry, obstacle)];
  };
  const each = async <Item, Answer>(items: Iterable<Item>, step: (item: Item) => Answer): Promise<Answer[]> =>
    runSteps(items, step).catch((error: unknown) => {
      throw describeWriteFailure(destination, error);
    });
  return {
    place: async (arrived) => (await each(arrived, placeOne)).flat(),
    makeFolders: async (paths) => void (await each(paths, openFolder)),
    removeMarkers: async (jobs) => void (await each(jobs, removeMarkers)),
  };
}

/** Lets others have their turn now and then: a network file system may be slow. */
async function runSteps<Item, Answer>(items: Iterable<Item>, step: (item: Item) => Answer): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const item of items) {
    answers.push(step(item));
    if (answers.length % STEPS_AT_ONCE === 0) await breathe();
  }
  return answers;
}

/** Makes a folder unless it is there; answers whether it is new, or undefined when a link or a file has its name. */
function makeFolder(path: string | Buffer, isParentNew: boolean): "new" | "old" | undefined {
  // Nothing needs to be looked for in a folder that was made just now, unless another pull works here as well.
  const found = isParentNew ? undefined : lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) return found.isDirectory() ? "old" : undefined;
  try {
    mkdirSync(path);
    return "new";
  } catch (error) {
    if (readErrorCode(error) !== "EEXIST") throw error;
    return lstatSync(path).isDirectory() ? "old" : undefined;
  }
}

/** Answers why a file cannot come to its place, where only this file is concerned. */
function renameOver(from: string, to: string | Buffer): string | undefined {
  try {
    renameSync(from, to);
    return undefined;
  } catch (error) {
    const code = readErrorCode(error);
    if (code === "EISDIR" || code === "ENOTEMPTY" || code === "EEXIST") return "here a folder has its name";
    if (code === "EACCES" || code === "EPERM") return "here its folder is not writable";
    throw error;
  }
}

function removeFile(path: string | Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Gone already, or nothing that could be taken for a marker.
    if (!["ENOENT", "EISDIR", "ENOTDIR"].includes(readErrorCode(error) ?? "")) throw error;
  }
}
