// Decides what is fetched. Pure: what is there, what is here and what was asked for come in as data.
import type { JobId } from "../../model/ids.ts";
import { matchGlob } from "../../target/config/match-glob.ts";
import { renderPath } from "../tree/byte-path.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import type { ListedEntry, OutputListing } from "./parse-listing.ts";
import type { LeftOut, PullPreview, PullRequest } from "./pull-request.ts";
import { isOddName, showPath } from "./show-path.ts";

/** What stands here at a path that is listed there. */
export interface PlacedEntry {
  readonly kind: ListedEntry["kind"];
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
}

/** What is to be done. */
export interface PullPlan {
  readonly preview: PullPreview;
  /** Files and symbolic links; the markers are not among them. */
  readonly wanted: readonly ListedEntry[];
  /** They come last: a job counts as ended once the rest is in place. */
  readonly wantedMarkers: readonly ListedEntry[];
  /** Markers that must not be here while files change: they are not there, or another attempt left them. */
  readonly staleMarkers: ReadonlyMap<JobId, readonly BytePath[]>;
  readonly folders: readonly BytePath[];
}

const MARKERS = ["repx/SUCCESS", "repx/FAIL"];

/** Compares both sides; `here` has what stands at the listed paths and at the jobs' markers. */
export function planPull(
  listing: OutputListing,
  here: ReadonlyMap<BytePath, PlacedEntry>,
  request: PullRequest,
): PullPlan {
  const leftOut: LeftOut[] = listing.closedFolders.map((path) =>
    leaveOut({ path, sizeBytes: 0 }, "the folder may not be read there"),
  );
  const fetched: ListedEntry[] = [];
  const isBelowFolders = makeFolderCheck(listing);
  let skippedFiles = 0;
  const chosen = [...listing.entries.values()].filter((entry) => isChosen(entry, request));
  for (const entry of chosen.filter(({ kind }) => kind !== "folder")) {
    const reason = refuseEntry(entry, listing, request, isBelowFolders);
    if (reason !== undefined) leftOut.push(leaveOut(entry, reason));
    else if (isSame(entry, here.get(entry.path))) skippedFiles += isMarker(entry) ? 0 : 1;
    else fetched.push(entry);
  }
  const [wanted, wantedMarkers] = [fetched.filter((entry) => !isMarker(entry)), fetched.filter(isMarker)];
  const present = new Set([...listing.entries.values()].filter((entry) => !isMarker(entry)).map(({ job }) => job));
  const unready = new Set(listing.unreadyJobs);
  return {
    wanted,
    wantedMarkers,
    staleMarkers: findStaleMarkers(listing, here, present),
    folders: chosen
      .filter(({ kind, path }) => kind === "folder" && here.get(path)?.kind !== "folder")
      .filter(({ path }) => isBelowFolders(path))
      .map(({ path }) => path),
    preview: {
      bytes: wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      files: wanted.length,
      skippedFiles,
      leftOut,
      missingJobs: request.jobs.filter((id) => !present.has(id) && !unready.has(id)),
      unreadyJobs: listing.unreadyJobs,
      oddNames: chosen.filter(({ path }) => isOddName(path)).map(({ path }) => renderPath(path)),
    },
  };
}

/** Describes what is not fetched. */
export function leaveOut({ path, sizeBytes }: Pick<ListedEntry, "path" | "sizeBytes">, reason: string): LeftOut {
  return { path: renderPath(path), sizeBytes, reason };
}

function isMarker({ path, job }: Pick<ListedEntry, "path" | "job">): boolean {
  return MARKERS.includes(path.slice(job.length + 1));
}

/** Patterns are for outputs; folders that hold nothing that fits are not made. */
function isChosen(entry: ListedEntry, { match = [] }: PullRequest): boolean {
  const inside = entry.path.slice(entry.job.length + 1);
  if (match.length === 0 || !(inside === "out" || inside.startsWith("out/"))) return true;
  if (entry.kind === "folder") return inside === "out";
  return match.some((pattern) => matchGlob(pattern, showPath(inside.slice("out/".length))));
}

function refuseEntry(
  entry: ListedEntry,
  { tools }: OutputListing,
  { maxFileBytes = Infinity }: PullRequest,
  isBelowFolders: IsBelowFolders,
): string | undefined {
  if (entry.kind === "other") return "it is no file, but a FIFO, a socket or a device";
  if (!isBelowFolders(entry.path)) return "it lies below something that is no folder";
  // A tar that is not GNU's takes names by line.
  if (!tools.hasGnuTar && entry.path.includes("\n")) return "the target's tar cannot be told its name";
  if (entry.kind === "file" && entry.sizeBytes > maxFileBytes) return "it is larger than the limit for one file";
  return undefined;
}

type IsBelowFolders = (path: BytePath) => boolean;

/** What lies below a link would be written to where the link leads. A folder is looked at once, however much it holds. */
function makeFolderCheck({ entries }: OutputListing): IsBelowFolders {
  const known = new Map<BytePath, boolean>();
  const isFolder = (path: BytePath): boolean => {
    const found = known.get(path) ?? ((entries.get(path)?.kind ?? "folder") === "folder" && isBelowFolders(path));
    known.set(path, found);
    return found;
  };
  const isBelowFolders: IsBelowFolders = (path) => {
    const end = path.lastIndexOf("/");
    return end <= 0 || isFolder(path.slice(0, end));
  };
  return isBelowFolders;
}

/** By size and time, as rsync does: both are set once a file is whole. */
function isSame(there: ListedEntry, here: PlacedEntry | undefined): boolean {
  return (
    here !== undefined &&
    here.kind === there.kind &&
    here.sizeBytes === there.sizeBytes &&
    here.mtimeSeconds === there.mtimeSeconds
  );
}

function findStaleMarkers(
  { entries }: OutputListing,
  here: ReadonlyMap<BytePath, PlacedEntry>,
  jobs: ReadonlySet<JobId>,
): Map<JobId, BytePath[]> {
  const stale = new Map<JobId, BytePath[]>();
  for (const job of jobs) {
    const paths = listMarkers(job).filter((path) => {
      const there = entries.get(path);
      return here.has(path) && (there === undefined || !isSame(there, here.get(path)));
    });
    if (paths.length > 0) stale.set(job, paths);
  }
  return stale;
}

/** Lists the paths that a job's markers can have. */
export function listMarkers(job: JobId): BytePath[] {
  return MARKERS.map((name) => `${job}/${name}`);
}
