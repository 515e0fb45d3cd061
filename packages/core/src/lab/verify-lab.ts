import type { Lab } from "../model/lab.ts";
import { listSome } from "./clip-text.ts";
import { refuseLab, type LabSource } from "./lab-source.ts";

const SHOWN = 5;

/** Compares every file that the manifest lists with its hash; LAB_INVALID names the first that differ. */
export async function verifyLab(opened: {
  readonly source: LabSource;
  readonly lab: Pick<Lab, "manifest">;
}): Promise<{ files: number }> {
  const { files } = opened.lab.manifest;
  const hashes = await opened.source.hashFiles(files.map(({ path }) => path));
  const wrong = files.filter(({ path, sha256 }) => hashes.get(path) !== sha256).map(({ path }) => path);
  if (wrong.length === 0) return { files: files.length };
  const message = `not as the manifest says: ${listSome(wrong, SHOWN)}`;
  throw refuseLab(opened.source.path, message, { files: wrong });
}
