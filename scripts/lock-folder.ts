import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readProcess } from "../test/harness/process.ts";

/** A folder that this process alone works in, until it is disposed. */
export interface LockedFolder extends AsyncDisposable {
  readonly folder: string;
}

/** Takes a folder for this process; another one that holds it and lives is an error that names it. */
export async function lockFolder(folder: string, { isFresh }: { readonly isFresh: boolean }): Promise<LockedFolder> {
  await mkdir(folder, { recursive: true });
  const lock = join(folder, "demo.pid");
  const holder = await readHolder(lock);
  if (holder !== undefined) throw new Error(`another demo (process ${holder}) is using ${folder}: end it first`);
  if (isFresh) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  await rm(lock, { force: true });
  await writeFile(lock, `${process.pid}\n`, { flag: "wx" });
  return { folder, [Symbol.asyncDispose]: async () => rm(lock, { force: true }) };
}

async function readHolder(lock: string): Promise<number | undefined> {
  const text = await readFile(lock, "utf8").catch(() => "");
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  const found = await readProcess(pid);
  return found?.comm.includes("node") === true ? pid : undefined;
}
