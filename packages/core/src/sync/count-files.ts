import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { PushItem } from "./push-groups.ts";

/** Adds up files and bytes of all items into `total` as it finds them; folders count as nothing. */
export async function countFiles(items: readonly PushItem[], total: { bytes: number; files: number }): Promise<void> {
  for (const { source, only } of items) {
    for (const part of only ?? [""]) await countPath(join(source, part), total);
  }
}

async function countPath(path: string, total: { bytes: number; files: number }): Promise<void> {
  // What vanishes meanwhile is tar's to report, with its name.
  const found = await lstat(path).catch(() => undefined);
  if (found?.isDirectory() === true) {
    const names = await readdir(path).catch(() => []);
    await Promise.all(names.map(async (name) => countPath(join(path, name), total)));
  } else if (found !== undefined) {
    total.files += 1;
    total.bytes += found.size;
  }
}
