import { posix } from "node:path";
import type { JobId } from "../model/ids.ts";
import type { Lab } from "../model/lab.ts";
import { fixTimes } from "./fix-times.ts";
import { nameToolsFolder, placeHostTools, stageHostTools, type HostTools } from "./host-tools.ts";
import { listImagePlaces, planImages, stageImage, type LabImage } from "./image-plan.ts";
import type { PushItem } from "./push/push-item.ts";
import type { Survey } from "./survey.ts";

/** What a Lab brings beside store paths and jobs. */
export interface LabParts {
  readonly hostTools?: HostTools;
  readonly images: readonly LabImage[];
  /** An empty folder here, for what a target has in another form than the Lab; `stageParts` fills it. */
  readonly stagingFolder: string;
}

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
  /** `missing` answers for `listPlaces`. */
  readonly parts?: LabParts & { readonly missing: readonly string[] };
  readonly survey: Pick<Survey, "missingStore" | "missingJobs" | "hasLab" | "hasPrograms">;
}

/** Names what a target has when it has these parts, relative to its base path: what a survey is to look for. */
export function listPlaces({ hostTools, images }: Pick<LabParts, "hostTools" | "images">): string[] {
  return [...(hostTools === undefined ? [] : [nameToolsFolder(hostTools)]), ...listImagePlaces(images)];
}

/** Picks what the target lacks: store paths, programs, host tools, images, the jobs' folders, the Lab's metadata. */
export function planSync({ opened, storeRoot, programs, jobs, parts, survey }: SyncSources): PushItem[] {
  const { folder, lab, metadataPaths } = opened;
  const missingStore = new Set(survey.missingStore);
  const missingJobs = new Set(survey.missingJobs);
  const storePaths = lab.storePaths.filter((path) => missingStore.has(posix.basename(path)));
  const jobIds = jobs.filter((id) => missingJobs.has(id));
  return [
    ...storePaths.map((path) => placeIn("artifacts/store", posix.join(storeRoot, path))),
    ...(survey.hasPrograms ? [] : [{ source: programs.folder, destination: `bin/${programs.hash}` }]),
    ...(parts === undefined ? [] : planParts(parts, new Set(parts.missing))),
    ...jobIds.map((id) => placeIn("artifacts/jobs", posix.join(folder, "jobs", id))),
    ...(survey.hasLab ? [] : [{ source: folder, destination: `artifacts/labs/${lab.hash}`, only: metadataPaths }]),
  ];
}

/** Writes those of the items that the Lab does not have as they are sent; the same Lab gives the same, times too. */
export async function stageParts(parts: LabParts, items: readonly PushItem[]): Promise<void> {
  const sources = new Set(items.map(({ source }) => source));
  const { hostTools, images, stagingFolder } = parts;
  if (hostTools !== undefined) {
    const { source } = placeHostTools(hostTools, stagingFolder);
    if (sources.has(source)) {
      await stageHostTools(hostTools, stagingFolder);
      await fixTimes(source);
    }
  }
  for (const image of images) {
    const [item] = planImages([{ ...image, layers: [] }], new Set(listImagePlaces([image])), stagingFolder);
    if (item !== undefined && sources.has(item.source)) {
      await stageImage(image, stagingFolder);
      await fixTimes(item.source);
    }
  }
}

function planParts({ hostTools, images, stagingFolder }: LabParts, missing: ReadonlySet<string>): PushItem[] {
  const tools = hostTools === undefined ? [] : [placeHostTools(hostTools, stagingFolder)];
  return [
    ...tools.filter(({ destination }) => missing.has(destination)),
    ...planImages(images, missing, stagingFolder),
  ];
}

function placeIn(parent: string, source: string): PushItem {
  return { source, destination: `${parent}/${posix.basename(source)}` };
}
