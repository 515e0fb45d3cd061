// Puts what arrived into place: each file by one rename, after its folders. Never through a link here, and never over a folder.
// The steps are so short that going to another thread and back for each would cost more than they do.
import { lstatSync, mkdirSync, renameSync, unlinkSync, type Stats } from "node:fs";
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
/** What the file system here refuses of one file or folder alone, by Node's codes. */
const REFUSALS: ReadonlyMap<string | undefined, string> = new Map([
  ["ENAMETOOLONG", "here its name is too long"],
  ["EILSEQ", "here its name cannot be written"],
  // Of a file system of Windows', for a colon.
  ["EINVAL", "here its name cannot be written"],
  ["EXDEV", "here its folder is on another file system"],
]);

/** A folder that is there now, or why it is not. */
type MadeFolder = { readonly isNew: boolean } | { readonly obstacle: string };

/** Makes a placer; `staleMarkers` go before the first file of their job changes. */
export function makePlacer(destination: string, staleMarkers: ReadonlyMap<JobId, readonly BytePath[]>): Placer {
  const stale = new Map(staleMarkers);
  const folders = new Map<BytePath, MadeFolder>();
  const locate = (path: BytePath): string | Buffer => toDiskPath(joinSource(destination, path));
  const openFolder = (path: BytePath): MadeFolder => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const end = path.lastIndexOf("/");
    const parent = end === -1 ? { isNew: false } : openFolder(path.slice(0, end));
    const folder = "obstacle" in parent ? parent : makeFolder(locate(path), parent.isNew);
    folders.set(path, folder);
    return folder;
  };
  const removeMarkers = (job: JobId): void => {
    for (const path of stale.get(job) ?? []) removeFile(locate(path));
    stale.delete(job);
  };
  const placeOne = ({ entry, stagedPath }: ArrivedEntry): LeftOut[] => {
    removeMarkers(entry.job);
    const folder = openFolder(entry.path.slice(0, entry.path.lastIndexOf("/")));
    const obstacle = "obstacle" in folder ? folder.obstacle : renameOver(stagedPath, locate(entry.path));
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

/** Makes a folder unless it is there. */
function makeFolder(path: string | Buffer, isParentNew: boolean): MadeFolder {
  try {
    // Nothing needs to be looked for in a folder that was made just now, unless another pull works here as well.
    const found = isParentNew ? undefined : lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined) return judgeFolder(found);
    mkdirSync(path);
    return { isNew: true };
  } catch (error) {
    const code = readErrorCode(error);
    const refusal = REFUSALS.get(code);
    if (refusal !== undefined) return { obstacle: refusal };
    if (code !== "EEXIST") throw error;
    return judgeFolder(lstatSync(path));
  }
}

function judgeFolder(stats: Stats): MadeFolder {
  return stats.isDirectory() ? { isNew: false } : { obstacle: "here something that is no folder is in its way" };
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
    const refusal = REFUSALS.get(code);
    if (refusal === undefined) throw error;
    return refusal;
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
