// What is written to a parcel's command, in pieces that are counted as they go.
import { encodeEnd } from "../pack/encode.ts";
import type { Packed, SlicePart } from "../pack/packer.ts";
import type { Slice } from "../pack/parcel.ts";

const PIECE_BYTES = 256 * 1024;
/** Packed at a time: two of each slice that is being sent lie in memory. */
const PART_BYTES = 2 << 20;

/** What the last of it may still lie in a channel's queue. */
const HELD_BYTES = 3 << 20;

/** Is told of what goes to a channel; may throw to stop. */
export interface StreamCount {
  /** Bytes as they travel, and what they are of the content. */
  piece(sentBytes: number, contentBytes: number): void;
  /** What was there has been sent. */
  pause(): void;
}

/** Yields bytes in pieces; `onPiece` may throw to stop. */
export async function* cutPieces(bytes: Uint8Array, onPiece: (size: number) => void): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    const piece = bytes.subarray(start, start + PIECE_BYTES);
    onPiece(piece.length);
    yield piece;
  }
}

/** Yields a packed parcel. */
export async function* streamPacked(
  { bytes }: Pick<Packed, "bytes">,
  contentBytes: number,
  count: StreamCount,
): AsyncGenerator<Uint8Array> {
  const share = contentBytes / bytes.length;
  yield* cutPieces(bytes, (size) => count.piece(size, size * share));
  count.pause();
}

/** A slice on its way. */
export interface SliceStream {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Gives back what is held; to be called when the target has read everything, and only then. */
  readonly release: () => void;
}

/** Streams a slice, part by part, and its end; the next part is packed while one goes. */
export function streamSlice(slice: Slice, pack: (part: SlicePart) => Promise<Packed>, count: StreamCount): SliceStream {
  const held: Packed[] = [];
  const release = (bytes: number): void => {
    let heldBytes = held.reduce((sum, packed) => sum + packed.bytes.length, 0);
    for (let [first] = held; first !== undefined && heldBytes - first.bytes.length >= bytes; [first] = held) {
      heldBytes -= first.bytes.length;
      first.release();
      held.shift();
    }
  };
  async function* yieldPieces(): AsyncGenerator<Uint8Array> {
    const parts = cutSlice(slice);
    let next = beginPart(parts.shift(), pack);
    while (next !== undefined) {
      const { sizeBytes } = next;
      const packed = await next.packed;
      next = beginPart(parts.shift(), pack);
      yield* streamPacked(packed, sizeBytes, count);
      held.push(packed);
      release(HELD_BYTES);
    }
    yield encodeEnd(slice.id, slice.encoding);
  }
  return { pieces: yieldPieces(), release: () => release(0) };
}

function beginPart(
  part: SlicePart | undefined,
  pack: (part: SlicePart) => Promise<Packed>,
): { packed: Promise<Packed>; sizeBytes: number } | undefined {
  if (part === undefined) return undefined;
  const packed = pack(part);
  // Whoever waits for it sees the failure; nobody may, when the stream was ended before.
  packed.catch(() => {});
  return { packed, sizeBytes: part.sizeBytes };
}

function cutSlice({ id, item, path, offsetBytes, sizeBytes }: Slice): SlicePart[] {
  return Array.from({ length: Math.ceil(sizeBytes / PART_BYTES) }, (_, index) => {
    const start = index * PART_BYTES;
    return {
      kind: "part",
      id,
      item,
      path,
      offsetBytes: offsetBytes + start,
      sizeBytes: Math.min(PART_BYTES, sizeBytes - start),
    };
  });
}
