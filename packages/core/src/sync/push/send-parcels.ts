// Sends parcels side by side, each by a command of its own, while the next ones are packed.
import { RepxError } from "../../model/errors.ts";
import { SLOW_BYTES_PER_SECOND } from "../pack/choose-level.ts";
import type { Packed, Packer, PackRequest } from "../pack/packer.ts";
import type { Parcel } from "../pack/parcel.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import { addFolders } from "./add-folders.ts";
import type { SlicedFile, SlicedFiles } from "./large-files.ts";
import type { LinkRate } from "./link-rate.ts";
import { completeFile, sendBundle, sendSlice, type Way } from "./parcel-commands.ts";
import { startQueue, type ParcelQueue, type QueuedParcel } from "./parcel-queue.ts";
import { streamPacked, streamSlice, type StreamCount } from "./parcel-stream.ts";
import { persist, type Persistence } from "./persist.ts";
import type { PushPlan } from "./plan-push.ts";
import type { ProcessorLoad } from "./processor-load.ts";
import type { Reply, TargetCommands } from "./target-commands.ts";

/** All that sending works with. */
export interface Delivery {
  readonly commands: TargetCommands;
  readonly packer: Packer;
  readonly plan: PushPlan;
  readonly files: SlicedFiles;
  readonly staging: string;
  /** Ids and marks of what is on the target. */
  readonly arrived: Set<string>;
  /** Whether the staging folder is there, taken over from another push. */
  readonly isAdopted: boolean;
  readonly channels: number;
  readonly rate: LinkRate;
  readonly processors: ProcessorLoad;
  readonly count: DeliveryCount;
}

/** Is told of what moves. */
export interface DeliveryCount {
  /** Bytes that went to a channel. */
  readonly sent: (bytes: number) => void;
  /** Bytes and files of the trees; negative for what has to be sent again. */
  readonly done: (bytes: number, files: number) => void;
}

/** SHA-256 of each file whose content was in a bundle, by `<item>/<path>`. */
export type FileHashes = Map<BytePath, string>;

const SENDINGS = 3;
/** So many keep a machine busy where one alone is this quick; each costs its target memory. */
const QUICK_CHANNELS = 3;
const QUICK_BYTES_PER_SECOND = 100e6;
/** Less than this is sent before measuring the link would pay. */
const MEASURED_BYTES = 16 << 20;

type Pack = (parcel: PackRequest["parcel"]) => Promise<Packed>;

interface Work extends Delivery {
  readonly queue: ParcelQueue;
  readonly pack: Pack;
  readonly hashes: FileHashes;
  readonly persistence: Persistence;
  readonly state: { isMade: boolean; arrivals: number; stop: Reply | "failed" | undefined };
}

/** Sends what has not arrived; adds to `arrived` and `hashes`. Stops at the first parcel that tells of another way. */
export async function sendParcels(delivery: Delivery, hashes: FileHashes): Promise<Reply> {
  const { plan, arrived, rate } = delivery;
  const state: Work["state"] = { isMade: delivery.isAdopted, arrivals: 0, stop: undefined };
  const missing = plan.parcels.filter(({ id }) => !arrived.has(id));
  const pack = startPacking(delivery, missing);
  const queue = startQueue(missing, delivery.channels, async (parcel) =>
    parcel.kind === "bundle" ? pack(addFolders(parcel)) : undefined,
  );
  const persistence: Persistence = {
    limit: delivery.commands.limit,
    countArrived: () => state.arrivals,
    isStopped: () => state.stop !== undefined,
  };
  const work: Work = { ...delivery, queue, pack, hashes, persistence, state };
  const whole = plan.parcels
    .filter(({ id }) => arrived.has(id))
    .flatMap((parcel) => delivery.files.arrive(parcel) ?? []);
  const senders = Array.from({ length: delivery.channels }, async (_, index) =>
    stopAll(work, index < QUICK_CHANNELS ? sendInTurn(work).finally(rate.giveUp) : sendWhereSlow(work)),
  );
  const ends = await Promise.allSettled([stopAll(work, completeWhole(work, whole)), ...senders]);
  rate.giveUp();
  await queue.drain();
  const failure = ends.find((end) => end.status === "rejected" && end.reason !== STOPPED);
  if (failure?.status === "rejected") throw failure.reason;
  return state.stop === "failed" || state.stop === undefined ? "done" : state.stop;
}

/** Packs for the link as it is: the first parcel of many measures it, stored, and the others wait for that. */
function startPacking({ packer, plan, staging, rate, processors }: Delivery, missing: readonly Parcel[]): Pack {
  // Where nothing can be compressed there is nothing to choose.
  const isMuch =
    plan.encoding !== "none" && missing.reduce((total, { sizeBytes }) => total + sizeBytes, 0) >= MEASURED_BYTES;
  const readRate = async (id: string): Promise<number | undefined> => {
    if (isMuch && rate.read() === undefined) {
      // The one that is sent before all others, whichever is packed first.
      if (id === missing[0]?.id) return Infinity;
      await rate.first;
    }
    const known = rate.read();
    // Beside work for which there is no time, every link looks slow.
    return known !== undefined && known > SLOW_BYTES_PER_SECOND && processors.isBusy() ? Infinity : known;
  };
  return async (parcel) =>
    packer.pack({
      parcel,
      sources: plan.sources,
      staging: `.staging/${staging}`,
      encoding: plan.encoding,
      bytesPerSecond: await readRate(parcel.id),
    });
}

/** Ends every other sender when one fails. */
async function stopAll(work: Work, sender: Promise<void>): Promise<void> {
  try {
    await sender;
  } catch (error) {
    work.state.stop ??= "failed";
    throw error;
  } finally {
    // Nobody may wait for a place that will not be given back.
    if (work.state.stop !== undefined) {
      work.queue.stop();
      work.rate.giveUp();
    }
  }
}

/** Sends beside the others where their channels, whose windows wait for the way and back, are not enough for the link. */
async function sendWhereSlow(work: Work): Promise<void> {
  await work.rate.first;
  if ((work.rate.read() ?? 0) < QUICK_BYTES_PER_SECOND) await sendInTurn(work);
}

async function sendInTurn(work: Work): Promise<void> {
  const { queue, state, files } = work;
  for (let next = await queue.take(); next !== undefined && state.stop === undefined; next = await queue.take()) {
    const { parcel } = next;
    files.begin(parcel);
    if (await sendUntilRight(work, next)) {
      countArrival(work, parcel);
      queue.release(next);
      const file = files.arrive(parcel);
      if (file !== undefined) await completeUntilRight(work, file);
    }
  }
}

/** Files all of whose slices arrived before. */
async function completeWhole(work: Work, whole: readonly SlicedFile[]): Promise<void> {
  for (const file of whole) {
    if (work.state.stop === undefined) await completeUntilRight(work, file);
  }
}

async function sendUntilRight(work: Work, queued: QueuedParcel, way?: Way): Promise<boolean> {
  const { parcel } = queued;
  const packed = await queued.packed;
  for (const [key, sha256] of packed?.fileHashes ?? []) work.hashes.set(key, sha256);
  let attempts = 0;
  for (let sending = 1; ; sending += 1) {
    const reply = await persist(async () => {
      attempts += 1;
      return sendOnce(work, parcel, packed, way);
    }, work.persistence);
    if (reply === "done") {
      work.state.isMade = true;
      // Only of what was sent once: then the target has read all of it, and no stream holds a part of it any more.
      if (attempts === 1) packed?.release();
      return true;
    }
    if (reply !== "mismatch") {
      work.state.stop ??= reply;
      return false;
    }
    if (sending === SENDINGS) throw reportMismatch(work, `parcel ${parcel.id}`);
  }
}

async function sendOnce(work: Work, parcel: Parcel, packed: Packed | undefined, way: Way | undefined): Promise<Reply> {
  const { commands, count, rate, state, staging } = work;
  const link = rate.begin();
  let content = 0;
  const stream: StreamCount = {
    piece: (sentBytes, contentBytes) => {
      if (state.stop !== undefined) throw STOPPED;
      content += contentBytes;
      link.add(sentBytes);
      count.sent(sentBytes);
      count.done(contentBytes, 0);
    },
    pause: () => link.pause(),
  };
  const sending = { staging, way: way ?? (state.isMade ? "-" : "make") } as const;
  let isDone = false;
  try {
    let reply: Reply = "gone";
    if (parcel.kind === "slice") {
      const { pieces, release } = streamSlice(parcel, work.pack, stream);
      reply = await sendSlice(commands, parcel, { ...sending, stdin: pieces });
      if (reply === "done") release();
    } else if (packed !== undefined) {
      const stdin = streamPacked(packed, parcel.sizeBytes, stream);
      reply = await sendBundle(commands, parcel, packed, { ...sending, stdin });
    }
    isDone = reply === "done";
    return reply;
  } finally {
    link.end();
    // What had arrived by an earlier attempt was not read to its end.
    count.done(isDone ? parcel.sizeBytes - content : -content, 0);
  }
}

async function completeUntilRight(work: Work, sliced: SlicedFile): Promise<void> {
  if (work.arrived.has(sliced.mark)) {
    work.count.done(0, 1);
    return;
  }
  for (let sending = 1; ; sending += 1) {
    const reply = await persist(async () => completeFile(work.commands, work.staging, sliced), work.persistence);
    if (reply === "done") {
      work.arrived.add(sliced.mark);
      work.count.done(0, 1);
      return;
    }
    if (reply !== "mismatch") {
      work.state.stop ??= reply;
      return;
    }
    if (sending === SENDINGS) throw reportMismatch(work, sliced.file.path);
    for (const parcel of sliced.slices) {
      work.count.done(-parcel.sizeBytes, 0);
      if (!(await sendUntilRight(work, { parcel, packed: Promise.resolve(undefined) }, "again"))) return;
    }
  }
}

function countArrival(work: Work, parcel: Parcel): void {
  work.state.arrivals += 1;
  work.arrived.add(parcel.id);
  if (parcel.kind === "bundle") work.count.done(0, parcel.entries.length);
}

function reportMismatch({ commands }: Work, what: string): RepxError {
  const message = `${what} arrived at ${commands.description} with other content ${SENDINGS} times`;
  return new RepxError("SYNC_FAILED", message, {
    hint: "See that nothing writes to what is sent; then look at the memory and the disk of both machines.",
  });
}

/** Ends a sender because another one failed. */
const STOPPED = new Error("another parcel was the first to fail");
