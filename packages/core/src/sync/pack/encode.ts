// Encodes parcels so that their decoder knows them for whole, and smaller where that pays.
import { hash } from "node:crypto";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { chooseLevel, type Level, type Trial } from "./choose-level.ts";
import type { Encoding, PackedParcel } from "./parcel.ts";

const SAMPLE_BYTES = 32 << 10;
const MOST_SAMPLES = 8;
/** Of what is to be encoded, one sample for so many bytes. */
const SAMPLE_EACH_BYTES = 2 << 20;
/** What gzip compresses at a time; zlib's own 16 KiB cost a third more time. */
const CHUNK_BYTES = 1 << 20;
/** What is smaller has room in twice as much, however it is encoded (ZSTD_COMPRESSBOUND). */
const SMALL_BYTES = 128 << 10;
/**
 * Room for the largest bundle, of which only what is written costs memory. More than 32 MiB are a mapping of their own
 * to malloc (mallopt(3), DEFAULT_MMAP_THRESHOLD_MAX), and gone when they are given back: 290 MB instead of 340.
 */
const ROOM_BYTES = 33 << 20;
/**
 * Stored, zstd finds next to nothing and copies: four times as quick as SHA-256 without the processor's help (measured,
 * 2.5 GHz: 1.8 GB/s against 0.37), and its checksum is compared while it is decoded.
 */
const LEVELS = {
  zstd: { store: -1000, quick: 1, small: 3 },
  gzip: { store: 0, quick: 1, small: 1 },
} satisfies Record<Exclude<Encoding, "none">, Record<Level, number>>;

/** Encodes bytes for a link of some rate: Infinity stores them, undefined says that nothing is known of it. */
export function encodeParcel(bytes: Buffer, encoding: Encoding, bytesPerSecond: number | undefined): PackedParcel {
  if (encoding === "none") return { bytes, encoding, sha256: hash("sha256", bytes) };
  const level = bytesPerSecond === Infinity ? "store" : chooseLevel(tryOut(bytes, encoding), bytesPerSecond);
  return { bytes: compress(bytes, encoding, level), encoding, sha256: "-" };
}

/** The end of a slice, by which the target knows that all of it came. */
export function encodeEnd(id: string, encoding: Encoding): Uint8Array {
  const line = Buffer.from(`${id}\n`);
  return encoding === "none" ? line : compress(line, encoding, "store");
}

function tryOut(bytes: Buffer, encoding: "zstd" | "gzip"): Trial {
  const samples = takeSamples(bytes);
  const startedMs = performance.now();
  const shrunkBytes = samples.reduce((sum, sample) => sum + compress(sample, encoding, "quick").length, 0);
  const sizeBytes = samples.reduce((sum, sample) => sum + sample.length, 0);
  return { sizeBytes, shrunkBytes, seconds: (performance.now() - startedMs) / 1000 };
}

function takeSamples(bytes: Buffer): Buffer[] {
  const count = Math.min(MOST_SAMPLES, Math.max(2, Math.ceil(bytes.length / SAMPLE_EACH_BYTES)));
  if (bytes.length <= count * SAMPLE_BYTES) return [bytes];
  const step = Math.floor((bytes.length - SAMPLE_BYTES) / (count - 1));
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * step, index * step + SAMPLE_BYTES));
}

function compress(bytes: Uint8Array, encoding: "zstd" | "gzip", level: Level): Buffer {
  if (encoding === "gzip") return gzipSync(bytes, { level: LEVELS.gzip[level], chunkSize: CHUNK_BYTES });
  return zstdCompressSync(bytes, {
    // In one piece: others would be copied, and stay as garbage of which the collector hardly knows.
    chunkSize: bytes.length > SMALL_BYTES ? ROOM_BYTES : 2 * SMALL_BYTES,
    pledgedSrcSize: bytes.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVELS.zstd[level],
      // XXH64, of which 32 bits are kept; SSH's own MAC guards the way before it.
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
}
