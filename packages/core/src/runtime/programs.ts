import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The POSIX-sh programs that run on the target: their folder here, and the hash that names their folder there. */
export interface Programs {
  readonly folder: string;
  readonly hash: string;
}

/** The programs of this core; a bundle has its own copy and says where. */
export const OWN_PROGRAMS = join(import.meta.dirname, "../../target");

/** Reads the programs' folder; the hash covers names and contents, so a changed program is deployed beside the old one. */
export async function readPrograms(folder: string): Promise<Programs> {
  const hash = createHash("sha256");
  for (const name of (await readdir(folder)).toSorted()) {
    const content = await readFile(join(folder, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return { folder, hash: hash.digest("hex") };
}
