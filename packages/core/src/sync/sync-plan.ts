import { posix } from "node:path";
import type { JobId } from "../model/ids.ts";
import type { Lab } from "../model/lab.ts";
import type { PushItem } from "./push-groups.ts";
import type { Survey } from "./survey.ts";

/** What could be sent, and what the target has. */
export interface SyncSources {
  /** A Lab's folder here, its content, and the files in it that a target keeps to know it by. */
  readonly opened: {
    readonly folder: string;
    readonly lab: Pick<Lab, "hash" | "storePaths">;
    readonly metadataPaths: readonly string[];
  };
  /** What `/nix/store` lies under here. */
  readonly storeRoot: string;
  /** The programs for the target. */
  readonly programs: { readonly folder: string; readonly hash: string };
  /** The jobs that are going to run. */
  readonly jobs: readonly JobId[];
  readonly survey: Survey;
}

/** Picks what the target lacks: store paths, programs, folders of the jobs that run, the Lab's metadata. */
export function planSync({ opened, storeRoot, programs, jobs, survey }: SyncSources): PushItem[] {
  const { folder, lab, metadataPaths } = opened;
  const missingStore = new Set(survey.missingStore);
  const missingJobs = new Set(survey.missingJobs);
  const storePaths = lab.storePaths.filter((path) => missingStore.has(posix.basename(path)));
  const jobIds = jobs.filter((id) => missingJobs.has(id));
  return [
    ...storePaths.map((path) => placeIn("artifacts/store", posix.join(storeRoot, path))),
    ...(survey.hasPrograms ? [] : [{ source: programs.folder, destination: `bin/${programs.hash}` }]),
    ...jobIds.map((id) => placeIn("artifacts/jobs", posix.join(folder, "jobs", id))),
    ...(survey.hasLab ? [] : [{ source: folder, destination: `artifacts/labs/${lab.hash}`, only: metadataPaths }]),
  ];
}

function placeIn(parent: string, source: string): PushItem {
  return { source, destination: `${parent}/${posix.basename(source)}` };
}
