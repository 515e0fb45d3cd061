import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { OpenLab } from "./open-lab.ts";
import { refuseEscape, refuseLab } from "./read-metadata.ts";

const FILES_AT_ONCE = 16;
const SHOWN = 5;

/** Compares every file that the manifest lists with its hash; LAB_INVALID names the first that differ. */
export async function verifyLab({ folder, lab }: OpenLab): Promise<{ files: number }> {
  const { files } = lab.manifest;
  const wrong: string[] = [];
  for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
    const batch = files.slice(at, at + FILES_AT_ONCE);
    const answers = await Promise.all(batch.map(async ({ path, sha256 }) => (await hashFile(folder, path)) === sha256));
    wrong.push(...batch.filter((_, index) => answers[index] !== true).map(({ path }) => path));
  }
  if (wrong.length === 0) return { files: files.length };
  const more = wrong.length > SHOWN ? ` and ${wrong.length - SHOWN} more` : "";
  const message = `not as the manifest says: ${wrong.slice(0, SHOWN).join(", ")}${more}`;
  throw refuseLab(folder, message, { files: wrong });
}

async function hashFile(folder: string, path: string): Promise<string> {
  await refuseEscape(folder, path);
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(folder, path)), hash);
  return hash.digest("hex");
}
