// Sends a Lab to a target without submitting anything. Three steps, so that whoever asks can say what is going on: open
// the Lab, plan what the target lacks, send it.
import { mkdtemp, realpath } from "node:fs/promises";
import { join, posix } from "node:path";
import { selectWanted, type JobSelection } from "./lab/job-selection.ts";
import { listWarnings } from "./lab/list-warnings.ts";
import { openLab, readLab, type OpenLab } from "./lab/metadata/open-lab.ts";
import { openSource } from "./lab/source/open-source.ts";
import { locateCache, verifyOnce } from "./lab/verification/verify-once.ts";
import type { JobId, RunName } from "./model/ids.ts";
import { readLabParts } from "./lab-parts.ts";
import { OWN_PROGRAMS, readPrograms, type Programs } from "./runtime/programs.ts";
import { findMissing } from "./sync/find-missing.ts";
import { openPacker } from "./sync/pack/packer.ts";
import type { TransferProgress } from "./sync/progress.ts";
import type { PushItem } from "./sync/push/push-item.ts";
import { pushTree, type Pushed } from "./sync/push/push.ts";
import { surveyTarget } from "./sync/survey.ts";
import { listPlaces, planSync, stageParts, type LabParts } from "./sync/sync-plan.ts";
import type { TargetFacts } from "./sync/target-facts.ts";
import type { Transport } from "./target/transport/transport.ts";
import { removeUnpacked, unpackLab } from "./unpack-lab.ts";

/** Which part of which Lab. */
export interface LabRequest {
  /** Absolute: a Lab's folder, its manifest, or an archive of it. */
  readonly path: string;
  /** Runs, `@groups`, or beginnings of a run's name or of one job's id; none means all runs. */
  readonly runs: readonly string[];
  /** An existing folder here, for archives and for what is sent in another form than the Lab's. */
  readonly temporaryFolder: string;
  /** Of the programs that are deployed to the target; those of this core when not given. */
  readonly programs?: string;
}

/** A Lab that is ready to be sent. */
export interface SyncSource extends AsyncDisposable {
  readonly opened: OpenLab;
  /** What a person should know of it, a sentence each. */
  readonly warnings: readonly string[];
  readonly storeRoot: string;
  readonly runs: readonly RunName[];
  readonly jobs: readonly JobId[];
  readonly parts: LabParts;
  readonly programs: Programs;
}

/** What a target lacks of a Lab. */
export interface SyncPlan {
  readonly basePath: string;
  readonly items: readonly PushItem[];
  readonly facts: TargetFacts;
  /** How many of each kind the target is to have, and how many of them it lacks; without what the Lab has none of. */
  readonly counts: readonly { readonly kind: SyncKind; readonly total: number; readonly missing: number }[];
}

/** What is sent, by kinds. */
export type SyncKind = "store paths" | "jobs" | "image layers" | "images" | "host tools" | "programs" | "metadata";

/** Opens a Lab and selects runs; its files are compared with its manifest, once as long as none is touched. */
export async function openSyncSource(request: LabRequest): Promise<SyncSource> {
  const folder = await mkdtemp(join(request.temporaryFolder, "repx-sync-"));
  try {
    const { opened, selection } = await openAsFolder(request, join(folder, "lab"));
    const runs = selection.runs.map(({ name }) => name);
    const { lab } = opened;
    return {
      opened,
      warnings: listWarnings(lab),
      storeRoot: await findStoreRoot(request.path),
      runs,
      jobs: selection.order,
      parts: await readLabParts(opened, runs, join(folder, "staging")),
      programs: await readPrograms(request.programs ?? OWN_PROGRAMS),
      [Symbol.asyncDispose]: async () => removeUnpacked(folder),
    };
  } catch (error) {
    await removeUnpacked(folder);
    throw error;
  }
}

/** Names are looked up first: a mistyped one need not wait for all files to be read. */
async function openAsFolder(
  { path, runs: names }: LabRequest,
  unpacked: string,
): Promise<{ readonly opened: OpenLab; readonly selection: JobSelection }> {
  const { source, manifestPath } = await openSource(path);
  const read = await readLab(source, manifestPath);
  const selection = selectWanted(read.lab, read.order, { names, parameters: [] });
  await verifyOnce(read, locateCache());
  if (source.kind === "tar") return { opened: await openLab(await unpackLab(path, unpacked)), selection };
  return { opened: { ...read, folder: await realpath(source.path) }, selection };
}

/** A Lab inside a chroot store has its software beside it. */
async function findStoreRoot(path: string): Promise<string> {
  const place = await realpath(path);
  const at = place.indexOf("/nix/store/");
  return at > 0 ? place.slice(0, at) : "/";
}

/** Where a Lab goes to. */
export interface SyncPlace {
  readonly basePath: string;
  /** As `nameProject` names it: whose root the Lab has there from now on. */
  readonly project: string;
  /** Nothing is made there; the plan is for `measureSync` alone. */
  readonly isDryRun: boolean;
}

/** Finds out what a target lacks; nothing is sent. Folders of the base path are made, unless for a dry run. */
export async function planLabSync(transport: Transport, source: SyncSource, place: SyncPlace): Promise<SyncPlan> {
  const { basePath, isDryRun, project } = place;
  const { opened, jobs, parts, programs } = source;
  const storeNames = opened.lab.storePaths.map((path) => posix.basename(path));
  const places = listPlaces(parts);
  const selected = new Set(jobs);
  const others = [...opened.lab.jobs.keys()].filter((id) => !selected.has(id));
  const survey = await surveyTarget(transport, {
    basePath,
    isDryRun,
    storeNames,
    jobIds: jobs,
    labHash: opened.lab.hash,
    programsHash: programs.hash,
    ...(isDryRun ? {} : { root: { project, jobIds: others, places } }),
  });
  // After the survey, which registers the root: what is found from then on stays.
  const missing = await findMissing(transport, basePath, places);
  const items = planSync({ ...source, parts: { ...parts, missing }, survey });
  const all = [
    ...storeNames.map((name) => `artifacts/store/${name}`),
    ...jobs.map((id) => `artifacts/jobs/${id}`),
    ...places,
    `bin/${programs.hash}`,
    `artifacts/labs/${opened.lab.hash}`,
  ];
  const lacking = items.map(({ destination }) => destination);
  return { basePath, items, facts: survey.facts, counts: countKinds(all, lacking) };
}

/** Reads how much a plan would send; nothing is sent. */
export async function measureSync(source: SyncSource, plan: SyncPlan): Promise<{ bytes: number; files: number }> {
  await stageParts(source.parts, plan.items);
  await using packer = openPacker();
  const total = { bytes: 0, files: 0 };
  for (const { source: path, only } of plan.items) {
    const entries = await packer.scan({ source: path, ...(only && { only }), isStore: false, hash: false });
    for (const entry of entries) {
      if (entry.kind !== "folder") total.files += 1;
      if (entry.kind === "file") total.bytes += entry.sizeBytes;
    }
  }
  return total;
}

/** Sends what a plan says. */
export async function sendLab(
  transport: Transport,
  source: SyncSource,
  plan: SyncPlan,
  onProgress: (progress: TransferProgress) => void,
): Promise<Pushed> {
  await stageParts(source.parts, plan.items);
  const { basePath, items, facts } = plan;
  return pushTree(transport, { basePath, items, facts, onProgress });
}

const KINDS: readonly (readonly [SyncKind, string])[] = [
  ["store paths", "artifacts/store/"],
  ["jobs", "artifacts/jobs/"],
  ["image layers", "artifacts/images/layers/"],
  ["images", "artifacts/images/"],
  ["host tools", "host-tools/"],
  ["programs", "bin/"],
  ["metadata", "artifacts/labs/"],
];

function countKinds(all: readonly string[], lacking: readonly string[]): SyncPlan["counts"] {
  const missing = new Set(lacking);
  const places = Map.groupBy(all, (place) => KINDS.find(([, prefix]) => place.startsWith(prefix))?.[0]);
  return KINDS.map(([kind]) => {
    const total = places.get(kind) ?? [];
    return { kind, total: total.length, missing: total.filter((place) => missing.has(place)).length };
  }).filter(({ total }) => total > 0);
}
