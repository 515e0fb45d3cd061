// Sends trees to a target: parcels side by side into a staging folder beside their places, then renames. Nobody ever
// sees half of one, and what a killed push sent is not sent again.
import { cpus } from "node:os";
import { openPacker, type Packer } from "../pack/packer.ts";
import type { Parcel } from "../pack/parcel.ts";
import { startMeter, startReporting, type TransferProgress } from "../progress.ts";
import type { TargetFacts } from "../target-facts.ts";
import { RepxError } from "../../model/errors.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { checkSources } from "./check-sources.ts";
import type { SpaceNeeded } from "./check-space.ts";
import { checkDestinations, type Tree } from "./group-items.ts";
import { startSlicedFiles } from "./large-files.ts";
import { startLinkRate } from "./link-rate.ts";
import { listTrees } from "./list-trees.ts";
import { makeRoom } from "./make-room.ts";
import { planPush, type PushPlan } from "./plan-push.ts";
import { startProcessorLoad, type ProcessorTimes } from "./processor-load.ts";
import { publish } from "./publish.ts";
import type { PushItem } from "./push-item.ts";
import { renderIndexes } from "./render-indexes.ts";
import { sendParcels, type Delivery, type FileHashes } from "./send-parcels.ts";
import { chooseStaging, discardStaging, type Staging } from "./staging.ts";
import { isLoss, openCommands, type Reply, type TargetCommands } from "./target-commands.ts";
import { startTimeLimit } from "./time-limit.ts";

export type { PushItem } from "./push-item.ts";

/** What to send where. */
export interface PushRequest {
  readonly basePath: string;
  readonly items: readonly PushItem[];
  /** As the target's survey told them. */
  readonly facts: TargetFacts;
  readonly onProgress?: (progress: TransferProgress) => void;
  /** A day when not given. */
  readonly deadlineSeconds?: number;
  /** Opened and closed by the push itself when not given. */
  readonly packer?: Packer;
  /** Parcels that are under way at once; 6 when not given. */
  readonly channels?: number;
}

/** What a push did. */
export interface Pushed {
  /** Of the files whose content had to get there, before compression. */
  readonly bytes: number;
  readonly files: number;
  /** Of the parcels and of what ended the push, as they travelled; those that travelled twice twice. */
  readonly sentBytes: number;
  /** Files whose content was there already, under another name. */
  readonly linkedFiles: number;
  /** Of the files that an earlier push had sent. */
  readonly resumedBytes: number;
}

const DAY_SECONDS = 24 * 3600;
const CHANNELS = 6;
/** How often a push begins anew because others took its staging folder. */
const BEGINNINGS = 4;

/** Sends all items, none of which is put into place before all have arrived. */
export async function pushTree(transport: Transport, request: PushRequest): Promise<Pushed> {
  const { basePath, items, facts } = request;
  if (items.length === 0) return { bytes: 0, files: 0, sentBytes: 0, linkedFiles: 0, resumedBytes: 0 };
  checkDestinations(items);
  await checkSources(items);
  const { deadlineSeconds: seconds = DAY_SECONDS, channels = CHANNELS } = request;
  const limit = startTimeLimit({ seconds, description: transport.description, channels }, now);
  const commands = openCommands(transport, { basePath, facts, limit });
  const packer = request.packer ?? openPacker();
  try {
    const trees = await listTrees({ packer, commands, facts }, items);
    return await pushTrees({ request, commands, packer, trees });
  } finally {
    if (request.packer === undefined) await packer[Symbol.asyncDispose]();
  }
}

interface PushWork {
  readonly request: PushRequest;
  readonly commands: TargetCommands;
  readonly packer: Packer;
  readonly trees: readonly Tree[];
}

/** Begins anew, in a folder of its own, when the staging folder was taken, and without links where they are refused. */
async function pushTrees(work: PushWork): Promise<Pushed> {
  const { facts } = work.request;
  let [canLink, sentBytes] = [facts.canLink, 0];
  for (let beginning = 1; ; beginning += 1) {
    const plan = planPush(work.trees, { ...facts, canLink });
    const leftovers = beginning === 1 && plan.hasContent ? facts.leftovers : [];
    const staging = await chooseStaging(work.commands, plan.planId, leftovers);
    // What had arrived stays when there is no room for the rest.
    await makeRoom(work.commands, measureNeeded(work, plan, staging), { room: facts, staging: staging.name });
    const { reply, ...pushed } = await pushOnce(work, plan, staging);
    sentBytes += pushed.sentBytes;
    if (reply === "done") return { ...pushed, sentBytes };
    await discardStaging(work.commands, staging.name);
    if (beginning === BEGINNINGS || (reply === "unlinkable" && !canLink)) throw reportTrouble(work.commands, reply);
    canLink &&= reply !== "unlinkable";
  }
}

async function pushOnce(work: PushWork, plan: PushPlan, staging: Staging): Promise<Pushed & { reply: Reply }> {
  try {
    return await deliver(work, plan, staging);
  } catch (error) {
    // What arrived over a connection that was lost waits for the next push.
    if (!isLoss(error)) await discardStaging(work.commands, staging.name);
    throw error;
  }
}

async function deliver(work: PushWork, plan: PushPlan, staging: Staging): Promise<Pushed & { reply: Reply }> {
  const { request, commands, packer } = work;
  const resumed = plan.parcels.filter(({ id }) => staging.arrived.has(id));
  const total = { bytes: plan.sizeBytes, files: plan.files };
  const report = startReporting(startMeter(total, now), request.onProgress, now);
  const resumedBytes = sum(resumed.map(({ sizeBytes }) => sizeBytes));
  report.add(resumedBytes, sum(resumed.map(countFiles)));
  let sentBytes = 0;
  const delivery: Delivery = {
    commands,
    packer,
    plan,
    files: startSlicedFiles(packer, plan),
    staging: staging.name,
    arrived: staging.arrived,
    isAdopted: staging.isAdopted,
    channels: request.channels ?? CHANNELS,
    rate: startLinkRate(now),
    processors: startProcessorLoad(readProcessorTimes, now),
    count: { sent: (bytes) => void (sentBytes += bytes), done: report.add },
  };
  const reply = await finish(delivery);
  if (reply === "done") {
    report.add(0, plan.files);
    report.end();
  }
  const { sizeBytes: bytes, files, linkedFiles } = plan;
  return { reply, bytes, files, sentBytes, linkedFiles, resumedBytes };
}

async function finish(delivery: Delivery): Promise<Reply> {
  const { commands, packer, plan, staging } = delivery;
  const hashes: FileHashes = new Map();
  const reply = await sendParcels(delivery, hashes);
  if (reply !== "done") return reply;
  const indexes = await renderIndexes(plan, { packer, hashes });
  const end = await publish(commands, { plan, staging, indexes, onSent: delivery.count.sent });
  if (end === "mismatch") throw reportTrouble(commands, end);
  return end;
}

/** What has arrived takes its space already. */
function measureNeeded({ request }: PushWork, plan: PushPlan, { arrived }: Staging): SpaceNeeded {
  const missing = plan.parcels.filter(({ id }) => !arrived.has(id));
  const packed = missing.filter(({ kind }) => kind === "bundle").map(({ sizeBytes }) => sizeBytes);
  const largest = packed.toSorted((left, right) => right - left).slice(0, request.channels ?? CHANNELS);
  return {
    contentBytes: sum(missing.map(({ sizeBytes }) => sizeBytes)),
    files: sum(missing.map(countFiles)) + plan.largeFiles.length + plan.closing.length,
    parcelBytes: sum(largest),
  };
}

function now(): number {
  return performance.now();
}

function readProcessorTimes(): ProcessorTimes {
  const all = cpus().map(({ times }) => ({ idle: times.idle, all: sum(Object.values(times)) }));
  return { idle: sum(all.map(({ idle }) => idle)), all: sum(all.map((each) => each.all)) };
}

function countFiles(parcel: Parcel): number {
  return parcel.kind === "bundle" ? parcel.entries.length : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function reportTrouble({ basePath, description }: TargetCommands, reply: Reply): RepxError {
  const why = reply === "gone" ? "others keep taking its staging folder" : `the target answers ${reply} every time`;
  return new RepxError("SYNC_FAILED", `could not send files to ${basePath} on ${description}: ${why}`, {
    hint: "Try again when no other push to this target is under way.",
  });
}
