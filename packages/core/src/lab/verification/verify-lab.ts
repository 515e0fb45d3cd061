import type { Lab } from "../../model/lab.ts";
import { listSome } from "../clip-text.ts";
import { refuseLab } from "../refuse-lab.ts";
import type { LabSource } from "../source/lab-source.ts";

const SHOWN = 5;

/** What verifying needs of a Lab. */
export type VerifiableLab = Pick<Lab, "manifest" | "runs" | "jobs">;

/** Compares every file that the manifest lists with its hash; LAB_INVALID names the first that differ, or are not listed. */
export async function verifyLab(opened: {
  readonly source: LabSource;
  readonly lab: VerifiableLab;
}): Promise<{ files: number }> {
  const { path: lab } = opened.source;
  const { files } = opened.lab.manifest;
  const listed = new Set(files.map(({ path }) => path));
  const unlisted = listNeeded(opened.lab).filter((path) => !listed.has(path));
  if (unlisted.length > 0) {
    throw refuseLab(lab, `the manifest does not list ${listSome(unlisted, SHOWN)}`, { files: unlisted });
  }
  const hashes = await opened.source.hashFiles([...listed]);
  const wrong = files.filter(({ path, sha256 }) => hashes.get(path) !== sha256).map(({ path }) => path);
  if (wrong.length === 0) return { files: files.length };
  throw refuseLab(lab, `not as the manifest says: ${listSome(wrong, SHOWN)}`, { files: wrong });
}

/** The files that say what to run, and those that are run. */
function listNeeded({ manifest, runs, jobs }: VerifiableLab): string[] {
  return [
    manifest.metadata,
    ...[...runs.values()].map((run) => run.metadataPath),
    ...[...jobs.values()].flatMap((job) => Object.values(job.executables).map(({ path }) => path)),
  ];
}
