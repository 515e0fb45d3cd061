import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { refuseLab } from "../refuse-lab.ts";

/** Reads bytes one after another. */
export interface ByteReader extends AsyncDisposable {
  /** How many bytes were read or skipped. */
  readonly position: number;
  /** Reads so many bytes; fewer only at the end. */
  read(bytes: number): Promise<Buffer>;
  /** Passes over bytes; past the end, where they are not there. */
  skip(bytes: number): Promise<void>;
}

const CHUNK_BYTES = 256 * 1024;
const MOST_FRAMES = 20_000;

/** Reads a file from its beginning; skipping reads nothing. */
export async function startFileReader(path: string): Promise<ByteReader> {
  const handle = await open(path);
  let position = 0;
  let chunk: { readonly start: number; readonly bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  return {
    get position() {
      return position;
    },
    read: async (bytes) => {
      const at = position - chunk.start;
      if (at < 0 || at + bytes > chunk.bytes.length) {
        const buffer = Buffer.allocUnsafe(Math.max(bytes, CHUNK_BYTES));
        chunk = {
          start: position,
          bytes: await fill(buffer, (from) => handle.read(buffer, from, buffer.length - from, position + from)),
        };
      }
      const found = chunk.bytes.subarray(position - chunk.start, position - chunk.start + bytes);
      position += found.length;
      return found;
    },
    skip: async (bytes) => {
      position += bytes;
    },
    [Symbol.asyncDispose]: async () => handle.close(),
  };
}

async function fill(buffer: Buffer, read: (from: number) => Promise<{ bytesRead: number }>): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await read(filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Reads what a zstd-compressed file holds; `onBytes` hears how many bytes came out so far and may throw. */
export function startZstdReader(path: string, onBytes: (total: number) => void): ByteReader {
  const chunks = decompressFrames(path);
  let [position, total] = [0, 0];
  let rest: Buffer = Buffer.alloc(0);
  const take = async (bytes: number): Promise<Buffer> => {
    if (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return rest;
      rest = next.value;
      total += rest.length;
      onBytes(total);
    }
    const found = rest.subarray(0, bytes);
    rest = rest.subarray(found.length);
    position += found.length;
    return found;
  };
  return {
    get position() {
      return position;
    },
    read: async (bytes) => {
      const parts: Buffer[] = [];
      for (let left = bytes; left > 0; left -= parts.at(-1)?.length ?? 0) {
        const part = await take(left);
        if (part.length === 0) break;
        parts.push(part);
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
    skip: async (bytes) => {
      for (let left = bytes; left > 0;) {
        const { length } = await take(left);
        left = length === 0 ? 0 : left - length;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await chunks.return(undefined);
    },
  };
}

/** Node's decompressor ends with the first frame (RFC 8878, 3.1); pzstd and `cat` make files of many. */
async function* decompressFrames(path: string): AsyncGenerator<Buffer, undefined> {
  const { size } = await stat(path);
  let start = 0;
  for (let frame = 0; start < size; frame++) {
    if (frame === MOST_FRAMES) throw refuseLab(path, `it has more than ${MOST_FRAMES} zstd frames`);
    const stream = createZstdDecompress();
    // What goes wrong comes out of the iterator.
    pipeline(createReadStream(path, { start }), stream, () => undefined);
    for await (const chunk of stream) if (Buffer.isBuffer(chunk) && chunk.length > 0) yield chunk;
    start += stream.bytesWritten;
  }
}
