// Sends parcels side by side, each by a command of its own, while the next ones are packed.
import { RepxError } from "../../model/errors.ts";
import type { Packed, Packer } from "../pack/packer.ts";
import type { Parcel } from "../pack/parcel.ts";
import type { TargetFacts } from "../target-facts.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import { addFolders } from "./add-folders.ts";
import { chooseEncoding, startRawChoice } from "./choose-encoding.ts";
import type { SlicedFile, SlicedFiles } from "./large-files.ts";
import type { LinkRate } from "./link-rate.ts";
import { completeFile, sendPacked, sendRaw, type Way } from "./parcel-commands.ts";
import { startQueue, type ParcelQueue, type QueuedParcel } from "./parcel-queue.ts";
import { persist, type Persistence } from "./persist.ts";
import type { PushPlan } from "./plan-push.ts";
import type { Reply, TargetCommands } from "./target-commands.ts";

/** All that sending works with. */
export interface Delivery {
  readonly commands: TargetCommands;
  readonly packer: Packer;
  readonly facts: Pick<TargetFacts, "decoders">;
  readonly plan: PushPlan;
  readonly files: SlicedFiles;
  readonly staging: string;
  /** Ids and marks of what is on the target. */
  readonly arrived: Set<string>;
  /** Whether the staging folder is there, taken over from another push. */
  readonly isAdopted: boolean;
  readonly channels: number;
  readonly rate: LinkRate;
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

interface Work extends Delivery {
  readonly queue: ParcelQueue;
  readonly hashes: FileHashes;
  readonly persistence: Persistence;
  readonly state: { isMade: boolean; arrivals: number; stop: Reply | "failed" | undefined };
}

/** Sends what has not arrived; adds to `arrived` and `hashes`. Stops at the first parcel that tells of another way. */
export async function sendParcels(delivery: Delivery, hashes: FileHashes): Promise<Reply> {
  const { plan, arrived, packer, facts, staging, rate } = delivery;
  const state: Work["state"] = { isMade: delivery.isAdopted, arrivals: 0, stop: undefined };
  const chooseRaw = startRawChoice(rate);
  const queue = startQueue(
    plan.parcels.filter(({ id }) => !arrived.has(id)),
    delivery.channels,
    async (parcel) => {
      if (parcel.kind === "slice" && (await chooseRaw(parcel))) {
        delivery.files.noteRaw(parcel);
        return undefined;
      }
      return packer.pack({
        parcel: parcel.kind === "bundle" ? addFolders(parcel) : parcel,
        sources: plan.sources,
        staging: `.staging/${staging}`,
        ...chooseEncoding(facts.decoders, rate.read()),
      });
    },
  );
  const persistence: Persistence = {
    limit: delivery.commands.limit,
    countArrived: () => state.arrivals,
    isStopped: () => state.stop !== undefined,
  };
  const work: Work = { ...delivery, queue, hashes, persistence, state };
  const whole = plan.parcels
    .filter(({ id }) => arrived.has(id))
    .flatMap((parcel) => delivery.files.arrive(parcel) ?? []);
  const senders = Array.from({ length: delivery.channels }, async () => stopAll(work, sendInTurn(work)));
  const ends = await Promise.allSettled([stopAll(work, completeWhole(work, whole)), ...senders]);
  rate.giveUp();
  await queue.drain();
  const failure = ends.find((end) => end.status === "rejected" && end.reason !== STOPPED);
  if (failure?.status === "rejected") throw failure.reason;
  return state.stop === "failed" || state.stop === undefined ? "done" : state.stop;
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
    if (work.state.stop !== undefined) work.queue.stop();
  }
}

async function sendInTurn(work: Work): Promise<void> {
  const { queue, state, files, rate } = work;
  for (let next = await queue.take(); next !== undefined && state.stop === undefined; next = await queue.take()) {
    const { parcel } = next;
    void rate.first.then(() => files.begin(parcel));
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
      if (packed !== undefined && attempts === 1) freeMemory(packed.bytes);
      return true;
    }
    if (reply !== "mismatch") {
      work.state.stop ??= reply;
      return false;
    }
    if (sending === SENDINGS) throw reportMismatch(work, `parcel ${parcel.id}`);
  }
}

/**
 * Gives back the memory of what has arrived: the collector, which hardly knows of it, would let hundreds of megabytes
 * wait. Only of what was sent once: then the target has read all of it, and no stream holds a part of it any more.
 */
function freeMemory({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

async function sendOnce(work: Work, parcel: Parcel, packed: Packed | undefined, way: Way | undefined): Promise<Reply> {
  const { commands, count, rate, state, staging } = work;
  const share = parcel.sizeBytes / (packed?.bytes.length ?? parcel.sizeBytes);
  const link = rate.begin();
  let sent = 0;
  const onPiece = (bytes: number): void => {
    if (state.stop !== undefined) throw STOPPED;
    sent += bytes;
    link.add(bytes);
    count.sent(bytes);
    count.done(bytes * share, 0);
    if (sent === (packed?.bytes.length ?? parcel.sizeBytes)) link.end();
  };
  const sending = { staging, way: way ?? (state.isMade ? "-" : "make"), onPiece };
  let isDone = false;
  try {
    const reply =
      packed === undefined && parcel.kind === "slice"
        ? await sendRaw(commands, parcel, work.plan.sources.get(parcel.item) ?? "", sending)
        : packed && (await sendPacked(commands, parcel, packed, sending));
    isDone = reply === "done";
    return reply ?? "gone";
  } finally {
    link.end();
    // What had arrived by an earlier attempt was not read to its end.
    count.done(isDone ? parcel.sizeBytes - sent * share : -sent * share, 0);
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
