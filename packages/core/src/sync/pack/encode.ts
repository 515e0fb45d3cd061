// Compresses parcels where that pays.
import { hash } from "node:crypto";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { Encoding, PackedParcel } from "./parcel.ts";

/** What does not shrink below this is sent as it is. */
const WORTHWHILE = 0.9;
const SAMPLES = 8;
const SAMPLE_BYTES = 32 << 10;
/** Of what is compressed at a time; zlib's own 16 KiB cost a third more time. */
const CHUNK_BYTES = 1 << 20;
/** What zstd adds at most to little data (ZSTD_COMPRESSBOUND), and more. */
const SMALL_BYTES = 128 << 10;

/** Encodes bytes as allowed, or not at all when they hardly shrink. */
export function encodeParcel(bytes: Buffer, encoding: Encoding, level: number): PackedParcel {
  if (encoding !== "none" && isShrinking(takeSamples(bytes))) {
    const encoded = compress(bytes, encoding, level);
    if (encoded.length < bytes.length * WORTHWHILE) {
      return { bytes: encoded, encoding, sha256: hash("sha256", encoded) };
    }
  }
  return { bytes, encoding: "none", sha256: hash("sha256", bytes) };
}

/** Tells whether samples of some data shrink enough; tries zstd, whatever will be used. */
export function isShrinking(samples: readonly Uint8Array[]): boolean {
  const total = samples.reduce((sum, sample) => sum + sample.length, 0);
  const shrunk = samples.reduce((sum, sample) => sum + compress(sample, "zstd", 1).length, 0);
  return shrunk < total * WORTHWHILE;
}

function takeSamples(bytes: Buffer): Buffer[] {
  if (bytes.length <= SAMPLES * SAMPLE_BYTES) return [bytes];
  const step = Math.floor((bytes.length - SAMPLE_BYTES) / (SAMPLES - 1));
  return Array.from({ length: SAMPLES }, (_, index) => bytes.subarray(index * step, index * step + SAMPLE_BYTES));
}

function compress(bytes: Uint8Array, encoding: "zstd" | "gzip", level: number): Buffer {
  if (encoding === "gzip") return gzipSync(bytes, { level: Math.min(level, 9), chunkSize: CHUNK_BYTES });
  return zstdCompressSync(bytes, {
    // Room for all of it in one piece, of which only what is written costs memory: pieces would be copied, and stay as
    // garbage of which the collector hardly knows.
    chunkSize: bytes.length + (bytes.length >> 8) + SMALL_BYTES,
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: level },
  });
}
