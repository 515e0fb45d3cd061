import { once } from "node:events";
import { PassThrough, type Transform } from "node:stream";
import { createZstdDecompress } from "node:zlib";

/** Bytes that come in from a command, decoded and read while they come. */
export interface Intake<Value> {
  /** Where there is no room for more, settles when there is; rejects with what the reader failed of. */
  write(bytes: Uint8Array): undefined | Promise<void>;
  /** Nothing more comes: answers what the reader made of it. */
  end(): Promise<Value>;
  /** Stops; settles when the reader has ended, so that it writes nothing any more. */
  drop(): Promise<void>;
  /** Whether the bytes could not be decompressed. */
  isDamaged(): boolean;
}

const BUFFER_BYTES = 1024 * 1024;

/** Opens an intake, at the pace of its reader. */
export function openIntake<Value>(
  isZstd: boolean,
  read: (chunks: AsyncIterable<Buffer>) => Promise<Value>,
): Intake<Value> {
  const decoder: Transform = isZstd
    ? createZstdDecompress({ chunkSize: BUFFER_BYTES })
    : new PassThrough({ highWaterMark: BUFFER_BYTES });
  let isDamaged = false;
  decoder.on("error", () => (isDamaged = true));
  const reading = read(decoder);
  const broken = reading.then(async () => new Promise<never>(() => {}));
  broken.catch(() => {});
  const waitForRoom = async (): Promise<void> => {
    await Promise.race([once(decoder, "drain"), broken]);
  };
  return {
    write(bytes) {
      if (decoder.destroyed) return broken;
      return bytes.length === 0 || decoder.write(bytes) ? undefined : waitForRoom();
    },
    async end() {
      decoder.end();
      return reading;
    },
    async drop() {
      decoder.destroy();
      await reading.catch(() => {});
    },
    isDamaged: () => isDamaged,
  };
}
