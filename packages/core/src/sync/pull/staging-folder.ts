import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { RepxError } from "../../model/errors.ts";
import { renderBytes } from "../../model/render-bytes.ts";

/** A folder in the destination, so that a file is put into place by rename; what is left in it goes with it. */
export interface StagingFolder extends AsyncDisposable {
  /** Makes an empty folder in it. */
  makePlace(): Promise<string>;
}

const PREFIX = ".repx-pull-";
/** A pull at work writes to something in its folder, unless it waits for a connection. */
const STALE_MS = 24 * 3600 * 1000;
/** What the folder itself and the names in it take. */
const SPARE_BYTES = 1024 * 1024;

/** Opens a staging folder, and removes those of pulls that were killed more than a day ago. */
export async function openStagingFolder(destination: string): Promise<StagingFolder> {
  const path = join(destination, `${PREFIX}${randomUUID()}`);
  try {
    await mkdir(destination, { recursive: true });
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    // So Node names a read-only file system when it makes several folders.
    if (readErrorCode(cause) === "ENOENT") throw refuseDestination(destination, "it cannot be made there", cause);
    throw describeWriteFailure(destination, cause);
  }
  await removeStale(destination);
  let places = 0;
  return {
    async makePlace() {
      const place = join(path, String(++places));
      await mkdir(place);
      return place;
    },
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }),
  };
}

async function removeStale(destination: string): Promise<void> {
  const names = (await readdir(destination)).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const path = join(destination, name);
    // Another user's is not ours to remove.
    if (await isStale(path)) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether nothing in a folder was touched of late. */
async function isStale(folder: string): Promise<boolean> {
  if (!(await isOld(folder))) return false;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) if (!(await isOld(join(folder, name)))) return false;
  return true;
}

/** What vanishes meanwhile has an owner at work. */
async function isOld(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs >= STALE_MS;
}

/** Looks whether so many files have room, and answers how many bytes are free beyond that; SYNC_NO_SPACE when they have not. */
export async function checkSpaceHere(destination: string, need: { bytes: number; files: number }): Promise<number> {
  const { bavail, bsize, files: allFiles, ffree } = await statfs(destination);
  // A file takes whole blocks; file systems without a limit on files say 0 of 0.
  const neededBytes = need.bytes + need.files * (bsize / 2) + SPARE_BYTES;
  const freeBytes = bavail * bsize - neededBytes;
  if (need.files === 0) return freeBytes;
  if (freeBytes < 0) throw refuseSpace(destination, renderBytes(neededBytes), renderBytes(bavail * bsize));
  if (allFiles > 0 && ffree < need.files) throw refuseSpace(destination, `${need.files} files`, `${ffree} files`);
  return freeBytes;
}

function refuseSpace(destination: string, needed: string, free: string): RepxError {
  return new RepxError("SYNC_NO_SPACE", `${destination} needs ${needed} and has room for ${free}`, {
    hint: "Make room, name a folder on another file system, or fetch less: fewer jobs, or files chosen by a pattern.",
    details: { destination },
  });
}

/** Names why nothing can be written here; errors that are not about that come back as they are. */
export function describeWriteFailure(destination: string, cause: unknown): unknown {
  const code = readErrorCode(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new RepxError("SYNC_NO_SPACE", `the file system of ${destination} ran full`, {
      hint: "Make room and pull again: what came before stays, and is not fetched again.",
      cause,
    });
  }
  if (!["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ELOOP"].includes(code ?? "")) return cause;
  const isInTheWay = code === "ENOTDIR" || code === "EEXIST";
  return refuseDestination(destination, isInTheWay ? "something that is no folder is in its way" : code, cause);
}

function refuseDestination(destination: string, reason: string | undefined, cause: unknown): RepxError {
  return new RepxError("SYNC_DESTINATION_NOT_WRITABLE", `the folder ${destination} cannot be written: ${reason}`, {
    hint: "Name another folder, or see its permissions: `ls -ld` on it and on the folder above.",
    cause,
  });
}

/** Reads the code of an error of Node's, `ENOENT`. */
export function readErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
