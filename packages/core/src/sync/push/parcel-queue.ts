// Packs ahead of sending, within bounds: what is packed and not yet sent lies in memory.
import type { Packed } from "../pack/packer.ts";
import type { Parcel } from "../pack/parcel.ts";

/** Parcels that wait beside those that are being sent. */
const AHEAD_PARCELS = 2;
/** Parcels in memory, being packed, waiting or being sent: 16 MiB each at most, with headers. */
const PACKED_PARCELS = 4;

/** A parcel on its way; nothing is packed beforehand of what is packed as it goes. */
export interface QueuedParcel {
  readonly parcel: Parcel;
  readonly packed: Promise<Packed | undefined>;
}

/** Parcels in the order in which they are sent. */
export interface ParcelQueue {
  /** The next one, once there is one; undefined at the end. Whoever took it gives its place back with `release`. */
  take(): Promise<QueuedParcel | undefined>;
  release(taken: QueuedParcel): void;
  /** Begins no more; whoever waits gets nothing. */
  stop(): void;
  /** Settles when nothing is being packed any more. */
  drain(): Promise<void>;
}

/** Starts packing the first ones, for so many senders; `pack` answers undefined for what is packed as it goes. */
export function startQueue(
  parcels: readonly Parcel[],
  senders: number,
  pack: (parcel: Parcel) => Promise<Packed | undefined>,
): ParcelQueue {
  const begun: QueuedParcel[] = [];
  const waiting: ((queued: QueuedParcel | undefined) => void)[] = [];
  let [next, held, inMemory] = [0, 0, 0];
  const hasRoom = (): boolean => held < senders + AHEAD_PARCELS && inMemory < PACKED_PARCELS;
  const isStreamed = new WeakSet<QueuedParcel>();
  const noteStreamed = (queued: QueuedParcel, packed: Packed | undefined): void => {
    if (packed !== undefined) return;
    isStreamed.add(queued);
    inMemory -= 1;
    fill();
  };
  const fill = (): void => {
    for (let parcel = parcels[next]; parcel !== undefined && hasRoom(); parcel = parcels[next]) {
      const queued = { parcel, packed: pack(parcel) };
      next += 1;
      held += 1;
      inMemory += 1;
      // Whoever takes it sees the failure; nobody may, when another one failed before.
      queued.packed.then((packed) => noteStreamed(queued, packed)).catch(() => {});
      begun.push(queued);
    }
    while (waiting.length > 0 && begun.length > 0) waiting.shift()?.(begun.shift());
    if (next === parcels.length) for (const resolve of waiting.splice(0)) resolve(undefined);
  };
  const stop = (): void => {
    next = parcels.length;
    fill();
  };
  fill();
  return {
    take: async () => {
      if (begun.length > 0 || next === parcels.length) return begun.shift();
      return new Promise((resolve) => void waiting.push(resolve));
    },
    release(taken) {
      held -= 1;
      if (!isStreamed.has(taken)) inMemory -= 1;
      fill();
    },
    stop,
    async drain() {
      stop();
      await Promise.allSettled(begun.splice(0).map(async ({ packed }) => packed));
    },
  };
}
