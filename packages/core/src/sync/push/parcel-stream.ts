// What is written to a parcel's command, in pieces that are counted as they go.
import { open } from "node:fs/promises";
import type { Slice } from "../pack/parcel.ts";
import { joinSource, toDiskPath } from "../tree/byte-path.ts";
import { explainSource, reportChange } from "../tree/read-source.ts";

const PIECE_BYTES = 256 * 1024;
const READ_BYTES = 2 << 20;

/** Yields bytes in pieces; `onPiece` may throw to stop. */
export async function* cutPieces(bytes: Uint8Array, onPiece: (size: number) => void): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    const piece = bytes.subarray(start, start + PIECE_BYTES);
    onPiece(piece.length);
    yield piece;
  }
}

/** Yields a part of a file as it is, and after it the parcel's id and a line feed; SYNC_SOURCE_CHANGED when it is shorter. */
export async function* streamSlice(
  source: string,
  slice: Slice,
  onPiece: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  const path = joinSource(source, slice.path);
  const { offsetBytes: start, sizeBytes } = slice;
  let left = sizeBytes;
  try {
    await using file = await open(toDiskPath(path));
    // Two buffers in turns: whoever takes a piece has done with it when it asks for the next but one.
    const buffers = [Buffer.allocUnsafeSlow(READ_BYTES), Buffer.allocUnsafeSlow(READ_BYTES)] as const;
    for (let turn = 0; left > 0; turn = 1 - turn) {
      const buffer = turn === 0 ? buffers[0] : buffers[1];
      const { bytesRead } = await file.read(buffer, 0, Math.min(READ_BYTES, left), start + sizeBytes - left);
      if (bytesRead === 0) break;
      left -= bytesRead;
      onPiece(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw explainSource(path, error);
  }
  if (left !== 0) throw reportChange(path);
  yield Buffer.from(`${slice.id}\n`);
}
