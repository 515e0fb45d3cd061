import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { ListedEntry } from "./parse-listing.ts";
import { STAGE_FLAGS, writeWhole } from "./unpack-stream.ts";

/** Writes the beginning of a file: as many bytes as it had when it was listed. */
export interface FileWriter {
  /** Takes a piece; settles when there is room for more. Bytes beyond the file's size are passed over. */
  write(bytes: Uint8Array): undefined | Promise<void>;
  /** How many bytes of the file were taken. */
  doneBytes(): number;
  /** Settles when the last piece is taken whole: whoever wrote it may not have waited. */
  settle(): Promise<void>;
  /** Sets the time, closes the file, and answers what came. */
  end(): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
  /** Closes the file once nothing is written to it any more. */
  drop(): Promise<void>;
}

const BUFFER_BYTES = 512 * 1024;

/**
 * Opens a file that was not there. Pieces are copied into two buffers by turns: one is written while the other is filled, and
 * the garbage collector has less to do than with pieces that are kept.
 */
export async function openFileWriter(
  path: string,
  { sizeBytes, mode, mtimeSeconds }: ListedEntry,
  onBytes: (bytes: number) => void,
): Promise<FileWriter> {
  const file = await open(path, STAGE_FLAGS, mode | 0o400);
  const hash = createHash("sha256");
  let [buffer, spare] = [Buffer.allocUnsafe(BUFFER_BYTES), Buffer.allocUnsafe(BUFFER_BYTES)];
  let [doneBytes, heldBytes] = [0, 0];
  let writing: Promise<void> = Promise.resolve();
  let taking: Promise<void> = Promise.resolve();
  /** Settles when the buffer before this one is written. */
  const flush = (): Promise<void> => {
    const [bytes, before] = [buffer.subarray(0, heldBytes), writing];
    hash.update(bytes);
    onBytes(bytes.length);
    [buffer, spare, heldBytes] = [spare, buffer, 0];
    writing = before.then(async () => writeWhole(file, bytes));
    writing.catch(() => {});
    return before;
  };
  const copy = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + BUFFER_BYTES - heldBytes);
      buffer.set(part, heldBytes);
      heldBytes += part.length;
      at += part.length;
      if (heldBytes === BUFFER_BYTES) await flush();
    }
  };
  return {
    write(piece) {
      const bytes = piece.subarray(0, sizeBytes - doneBytes);
      doneBytes += bytes.length;
      if (heldBytes + bytes.length >= BUFFER_BYTES) return (taking = copy(bytes));
      buffer.set(bytes, heldBytes);
      heldBytes += bytes.length;
      return undefined;
    },
    doneBytes: () => doneBytes,
    settle: async () => taking,
    async end() {
      await flush();
      await writing;
      await file.utimes(mtimeSeconds, mtimeSeconds);
      await file.close();
      return { sizeBytes: doneBytes, sha256: hash.digest("hex") };
    },
    async drop() {
      await writing.catch(() => {});
      await file.close();
    },
  };
}
