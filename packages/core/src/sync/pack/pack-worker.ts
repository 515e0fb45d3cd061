// A thread of the packer: takes one job at a time, and reads, hashes and compresses without waiting for anybody.
import { parentPort } from "node:worker_threads";
import { hashSource, readPart, readSamples } from "../tree/read-source.ts";
import { scanTree } from "../tree/scan-tree.ts";
import { renderIndex } from "../tree/tree-index.ts";
import { encodeParcel, isShrinking } from "./encode.ts";
import { packBundle } from "./pack-bundle.ts";
import {
  isPackJob,
  parsePackEntry,
  renderFailure,
  type BundleJob,
  type PackAnswer,
  type Packed,
  type PackJob,
  type SliceJob,
} from "./pack-job.ts";
import type { PackedParcel } from "./parcel.ts";

parentPort?.on("message", (message: unknown) => {
  const moved: ArrayBuffer[] = [];
  let answer: PackAnswer;
  try {
    if (!isPackJob(message)) throw new TypeError("not a job for a packing thread");
    answer = { result: work(message, moved) };
  } catch (error) {
    answer = renderFailure(error);
  }
  parentPort?.postMessage(answer, moved);
});

function work(job: PackJob, moved: ArrayBuffer[]): unknown {
  if (job.kind === "scan") return renderIndex(scanTree(job));
  if (job.kind === "hash") return job.files.map(([path, sizeBytes]) => hashSource(path, sizeBytes));
  if (job.kind === "judge") return isShrinking(readSamples(job.path));
  return moveOut(job.kind === "bundle" ? makeBundle(job) : makeSlice(job), moved);
}

/**
 * What a bundle or a slice is read into: taken again by the next one, as new memory costs its pages. Once it was moved
 * to another thread its length is 0.
 */
let memory = Buffer.alloc(0);

function takeMemory(sizeBytes: number): Buffer {
  if (memory.length < sizeBytes) memory = Buffer.allocUnsafeSlow(sizeBytes);
  return memory.subarray(0, sizeBytes);
}

function makeBundle({ entries, sources, staging, encoding, level }: BundleJob): Packed {
  const place = { sources, staging };
  const { archive, fileHashes } = packBundle({ entries: entries.map(parsePackEntry) }, place, takeMemory);
  return { ...encodeParcel(archive, encoding, level), fileHashes };
}

function makeSlice({ path, offsetBytes, sizeBytes, encoding, level }: SliceJob): Packed {
  const bytes = takeMemory(sizeBytes);
  readPart(path, { start: offsetBytes, length: sizeBytes }, bytes);
  return { ...encodeParcel(bytes, encoding, level), fileHashes: new Map() };
}

/** The bytes change hands without a copy where they have a memory of their own that is about their size. */
function moveOut<T extends PackedParcel>(packed: T, moved: ArrayBuffer[]): T {
  const { buffer } = packed.bytes;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength <= packed.bytes.length * 1.25;
  const bytes = isOwn ? packed.bytes : new Uint8Array(packed.bytes);
  // What was compressed into is of no more use; the collector would let several of them wait.
  if (!isOwn && packed.encoding !== "none" && buffer instanceof ArrayBuffer) buffer.transfer(0);
  if (bytes.buffer instanceof ArrayBuffer) moved.push(bytes.buffer);
  return { ...packed, bytes };
}
