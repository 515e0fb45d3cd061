import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A folder that this process alone works in, until it is disposed. */
export interface LockedFolder extends AsyncDisposable {
  readonly folder: string;
}

const TRIES = 5;

/**
 * Takes a folder for this process; another process of the same program that holds it is an error that names it. The
 * lock lies beside the folder, so that a fresh start does not take it away.
 */
export async function lockFolder(folder: string, { isFresh }: { readonly isFresh: boolean }): Promise<LockedFolder> {
  const lock = `${folder}.pid`;
  await takeLock(lock, folder);
  if (isFresh) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return { folder, [Symbol.asyncDispose]: async () => rm(lock, { force: true }) };
}

async function takeLock(lock: string, folder: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      await writeFile(lock, `${process.pid}\n`, { flag: "wx" });
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = await readHolder(lock);
    if (holder !== undefined) throw new Error(`another demo (process ${holder}) is using ${folder}: end it first`);
    await rm(lock, { force: true });
  }
  throw new Error(`${lock} comes back whenever it is removed: see which process writes it`);
}

/** The process in the lock file, if it lives and runs the same program: process ids are used again. */
async function readHolder(lock: string): Promise<number | undefined> {
  const pid = Number((await readFile(lock, "utf8").catch(() => "")).trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const program = process.argv[1] ?? "";
  const words = (await readFile(join("/proc", String(pid), "cmdline"), "utf8").catch(() => "")).split("\0");
  return words.includes(program) ? pid : undefined;
}
