// Fetches what jobs left on a target. Looks at both sides, fetches what differs in streams side by side, and puts each stream
// into place once it is whole: a pull that is killed leaves whole files, and the next one fetches only the rest.
import { rm } from "node:fs/promises";
import type { Transport } from "../../target/transport/transport.ts";
import { startMeter, startReporting } from "../progress.ts";
import { persist, type Persistence } from "../push/persist.ts";
import { fetchFile } from "./fetch-file.ts";
import { fetchStream } from "./fetch-stream.ts";
import type { FetchedStream, StreamOrder } from "./stream-order.ts";
import { CHANNELS, groupStreams, LARGE_BYTES } from "./group-streams.ts";
import { listOutputs } from "./list-outputs.ts";
import { startLooking } from "./look-here.ts";
import type { ListedEntry, OutputListing } from "./parse-listing.ts";
import { makePlacer, type Placer } from "./place-files.ts";
import { listMarkers, planPull, type PullPlan } from "./plan-pull.ts";
import { PULL_LIMIT } from "./pull-limit.ts";
import type { LeftOut, Pulled, PullPreview, PullRequest } from "./pull-request.ts";
import { refuseTooLarge, startGrowthLimit, sumPlanned, type GrowthLimit } from "./size-limit.ts";
import { checkSpaceHere, describeWriteFailure, openStagingFolder, type StagingFolder } from "./staging-folder.ts";

export type { JobPart, LeftOut, Pulled, PullPreview, PullRequest } from "./pull-request.ts";

/** Tells what a pull would do, and does nothing. */
export async function previewPull(transport: Transport, request: PullRequest): Promise<PullPreview> {
  const { plan } = await lookAtBoth(transport, request);
  return plan.preview;
}

/** Fetches outputs. SYNC_TOO_LARGE and SYNC_NO_SPACE before anything is fetched, or where files grew meanwhile. */
export async function pullOutputs(transport: Transport, request: PullRequest): Promise<Pulled> {
  const { listing, plan } = await lookAtBoth(transport, request);
  refuseTooLarge(plan, request);
  if (isNothingToDo(plan)) return { ...plan.preview, bytes: 0, files: 0, sentBytes: 0 };
  await using staging = await openStagingFolder(request.destination);
  const freeBytes = await checkSpaceHere(request.destination, sumPlanned(plan));
  const growth = startGrowthLimit(plan, request, freeBytes);
  const placer = makePlacer(request.destination, plan.staleMarkers);
  const meter = startReporting(startMeter(plan.preview, now), request.onProgress, now);
  const work: PullWork = { transport, request, listing, staging, placer, meter, growth };
  // The target reads the first files while folders are made here.
  const fetched = await finishBoth(fetchAll(work, groupStreams(plan.wanted)), placer.makeFolders(plan.folders));
  await placer.removeMarkers(plan.staleMarkers.keys());
  const markers = await fetchAll(work, groupStreams(plan.wantedMarkers));
  meter.end();
  const leftOut = [...plan.preview.leftOut, ...fetched.leftOut, ...markers.leftOut];
  const { bytes, files } = fetched;
  return { ...plan.preview, leftOut, bytes, files, sentBytes: fetched.sentBytes + markers.sentBytes };
}

async function lookAtBoth(
  transport: Transport,
  request: PullRequest,
): Promise<{ listing: OutputListing; plan: PullPlan }> {
  const here = startLooking(request.destination);
  const listing = await listOutputs(transport, request, (entries) => entries.forEach(({ path }) => here.look(path)));
  for (const path of request.jobs.flatMap(listMarkers)) here.look(path);
  return { listing, plan: planPull(listing, here.found, request) };
}

/** Fails when both have ended: nothing is written any more then. */
async function finishBoth<Value>(first: Promise<Value>, second: Promise<unknown>): Promise<Value> {
  await Promise.allSettled([first, second]);
  await second;
  return first;
}

function isNothingToDo({ wanted, wantedMarkers, staleMarkers, folders }: PullPlan): boolean {
  return wanted.length + wantedMarkers.length + staleMarkers.size + folders.length === 0;
}

function now(): number {
  return performance.now();
}

interface PullWork {
  readonly transport: Transport;
  readonly request: PullRequest;
  readonly listing: OutputListing;
  readonly staging: StagingFolder;
  readonly placer: Placer;
  readonly meter: ReturnType<typeof startReporting>;
  readonly growth: GrowthLimit;
}

interface Tally {
  bytes: number;
  files: number;
  sentBytes: number;
  readonly leftOut: LeftOut[];
}

/** Streams side by side; the first failure stops those that have not begun, once the others have ended. */
async function fetchAll(work: PullWork, streams: readonly (readonly ListedEntry[])[]): Promise<Tally> {
  const tally: Tally = { bytes: 0, files: 0, sentBytes: 0, leftOut: [] };
  const waiting = [...streams];
  const failures: unknown[] = [];
  const persistence = { limit: PULL_LIMIT, countArrived: () => tally.files, isStopped: () => failures.length > 0 };
  const serve = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && failures.length === 0; next = waiting.shift()) {
      await fetchOne(work, next, { tally, persistence }).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: CHANNELS }, serve));
  if (failures.length > 0) throw describeWriteFailure(work.request.destination, failures[0]);
  return tally;
}

interface Round {
  readonly tally: Tally;
  readonly persistence: Persistence;
}

async function fetchOne(work: PullWork, wanted: readonly ListedEntry[], { tally, persistence }: Round): Promise<void> {
  const { sentBytes, arrived, leftOut } = await fetchWanted(work, wanted, persistence);
  const obstructed = await work.placer.place(arrived);
  tally.sentBytes += sentBytes;
  tally.leftOut.push(...leftOut, ...obstructed);
  tally.files += arrived.length - obstructed.length;
  tally.bytes += sumSizes(arrived) - sumSizes(obstructed);
}

function sumSizes(files: readonly Pick<LeftOut, "sizeBytes">[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function fetchWanted(
  { transport, request, listing, staging, meter, growth }: PullWork,
  wanted: readonly ListedEntry[],
  persistence: Persistence,
): Promise<FetchedStream> {
  let [doneBytes, grownBytes] = [0, 0];
  const onGrowth = (bytes: number): void => {
    grownBytes += bytes;
    growth.add(bytes);
  };
  const onBytes = (bytes: number): void => {
    doneBytes += bytes;
    meter.add(bytes, 0);
  };
  const makeOrder = async (): Promise<StreamOrder> => ({
    ...persistence,
    wanted,
    onBytes,
    onGrowth,
    folder: await staging.makePlace(),
    maxFileBytes: request.maxFileBytes ?? Infinity,
    basePath: request.basePath,
    tools: listing.tools,
  });
  const fetchWhole = async (): Promise<FetchedStream> => {
    const order = await makeOrder();
    try {
      return await fetchStream(transport, order);
    } catch (error) {
      onBytes(-doneBytes);
      onGrowth(-grownBytes);
      await rm(order.folder, { recursive: true, force: true });
      throw error;
    }
  };
  const large = findLarge(wanted);
  const fetched =
    large === undefined ? await persist(fetchWhole, persistence) : await fetchFile(transport, await makeOrder(), large);
  // What was left out, or changed its size, is done as well.
  meter.add(sumSizes(wanted) - doneBytes, wanted.length);
  return fetched;
}

/** A large file is a stream of its own. */
function findLarge([entry, ...others]: readonly ListedEntry[]): ListedEntry | undefined {
  const isLarge = entry !== undefined && others.length === 0 && entry.kind === "file" && entry.sizeBytes >= LARGE_BYTES;
  return isLarge ? entry : undefined;
}
