// A thread of the packer: takes one job at a time, and reads, hashes and compresses without waiting for anybody.
import { parentPort } from "node:worker_threads";
import { hashSource, readPart } from "../tree/read-source.ts";
import { scanTree } from "../tree/scan-tree.ts";
import { renderIndex } from "../tree/tree-index.ts";
import { encodeParcel } from "./encode.ts";
import { packBundle } from "./pack-bundle.ts";
import {
  isPackJob,
  parsePackEntry,
  renderFailure,
  type BundleJob,
  type PackAnswer,
  type PackedResult,
  type PackJob,
  type PartJob,
} from "./pack-job.ts";
import type { PackedParcel } from "./parcel.ts";

parentPort?.on("message", (message: unknown) => {
  let answer: PackAnswer;
  try {
    if (!isPackJob(message)) throw new TypeError("not a job for a packing thread");
    answer = { result: work(message) };
  } catch (error) {
    answer = renderFailure(error);
  }
  parentPort?.postMessage(answer, []);
});

function work(job: PackJob): unknown {
  if (job.kind === "scan") return renderIndex(scanTree(job));
  if (job.kind === "hash") return job.files.map(([path, sizeBytes]) => hashSource(path, sizeBytes));
  return job.kind === "bundle" ? makeBundle(job) : makePart(job);
}

/** What a bundle or a part of a slice is read into: taken again by the next one, as new memory costs its pages. */
let memory = Buffer.alloc(0);

function takeMemory(sizeBytes: number): Buffer {
  if (memory.length < sizeBytes) memory = Buffer.allocUnsafeSlow(sizeBytes);
  return memory.subarray(0, sizeBytes);
}

function makeBundle({ entries, sources, staging, encoding, bytesPerSecond, room }: BundleJob): PackedResult {
  const place = { sources, staging };
  const { archive, fileHashes } = packBundle({ entries: entries.map(parsePackEntry) }, place, takeMemory);
  return { ...moveInto(room, encodeParcel(archive, encoding, bytesPerSecond)), fileHashes };
}

function makePart({ path, offsetBytes, sizeBytes, encoding, bytesPerSecond, room }: PartJob): PackedResult {
  const bytes = takeMemory(sizeBytes);
  readPart(path, { start: offsetBytes, length: sizeBytes }, bytes);
  return { ...moveInto(room, encodeParcel(bytes, encoding, bytesPerSecond)), fileHashes: new Map() };
}

/** The bytes lie where whoever asked for them reads them; what has no room there is copied. */
function moveInto(room: SharedArrayBuffer, packed: PackedParcel): PackedParcel {
  const { bytes } = packed;
  const moved = bytes.length <= room.byteLength ? new Uint8Array(room, 0, bytes.length) : new Uint8Array(bytes.length);
  moved.set(bytes);
  // What was encoded into is of no more use; the collector would let several of them wait.
  if (packed.encoding !== "none" && bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  return { ...packed, bytes: moved };
}
