import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
import {
  RepxError,
  encodePath,
  explainNamed,
  explainSource,
  hashSource,
  isPackJob,
  joinPath,
  packBundle,
  parsePackEntry,
  readPart,
  readSamples,
  renderFailure,
  renderIndex,
  renderPath,
  toDiskPath
} from "./chunk-4IBGW5X4.js";

// ../core/src/sync/pack/pack-worker.ts
import { parentPort } from "node:worker_threads";

// ../core/src/sync/tree/scan-tree.ts
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
function scanTree({ source, only, isStore }) {
  const walk = { top: encodePath(source), isStore, entries: [], names: /* @__PURE__ */ new Map() };
  scanPath(walk, "", only === void 0 ? "all" : selectPaths(only), true);
  return walk.entries;
}
function selectPaths(only) {
  const top = /* @__PURE__ */ new Map();
  for (const text of only) {
    const parts = encodePath(text).split("/");
    if (text === "") return "all";
    if (parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new TypeError(`${text} is not a path in a tree`);
    }
    selectPath(top, parts);
  }
  return top;
}
function selectPath(folder, [name = "", ...rest]) {
  const known = folder.get(name);
  if (known === "all") return;
  if (rest.length === 0) {
    folder.set(name, "all");
    return;
  }
  const inner = known ?? /* @__PURE__ */ new Map();
  folder.set(name, inner);
  selectPath(inner, rest);
}
function scanPath(walk, path, selection, isNamed) {
  const place = joinPath(walk.top, path);
  try {
    const found = lstatSync(toDiskPath(place));
    if (found.isDirectory()) scanFolder(walk, path, found, selection);
    else if (selection !== "all") throw new RepxError("SYNC_SOURCE_UNREADABLE", ...refuseNoFolder(place));
    else walk.entries.push(makeEntry(walk, path, found));
  } catch (error) {
    throw isNamed ? explainNamed(place, error) : explainSource(place, error);
  }
}
function scanFolder(walk, path, found, selection) {
  walk.entries.push({ path, kind: "folder", mode: readMode(walk, found), mtimeSeconds: readTime(walk, found) });
  const names = selection === "all" ? readdirSync(toDiskPath(joinPath(walk.top, path)), { encoding: "latin1" }) : [...selection.keys()];
  for (const name of names.toSorted()) {
    const inner = selection === "all" ? "all" : selection.get(name) ?? "all";
    scanPath(walk, path === "" ? name : joinPath(path, name), inner, selection !== "all");
  }
}
function makeEntry(walk, path, found) {
  const mtimeSeconds = readTime(walk, found);
  const place = joinPath(walk.top, path);
  if (found.isSymbolicLink()) {
    return { path, kind: "symlink", target: readlinkSync(toDiskPath(place), { encoding: "latin1" }), mtimeSeconds };
  }
  if (!found.isFile()) throw new RepxError("SYNC_SOURCE_UNSUPPORTED", ...refuseSpecial(place));
  const target = found.nlink > 1 ? findFirstName(walk, path) : void 0;
  if (target !== void 0) return { path, kind: "hardlink", target };
  return { path, kind: "file", mode: readMode(walk, found), sizeBytes: found.size, mtimeSeconds };
}
function findFirstName(walk, path) {
  const { dev, ino } = lstatSync(toDiskPath(joinPath(walk.top, path)), { bigint: true });
  const key = `${dev}:${ino}`;
  const first = walk.names.get(key);
  if (first === void 0) walk.names.set(key, path);
  return first;
}
function readMode({ isStore }, { mode }) {
  return mode & (isStore ? 365 : 511);
}
function readTime({ isStore }, { mtimeMs }) {
  return isStore ? 1 : Math.min(Math.max(Math.floor(mtimeMs / 1e3), 0), 8589934591);
}
function refuseSpecial(place) {
  const hint = "Remove it, or leave it out of what is sent; the target is as it was.";
  return [`${renderPath(place)} is a socket, a FIFO or a device`, { hint }];
}
function refuseNoFolder(place) {
  const hint = "Build the Lab again; something was put in its place.";
  return [`${renderPath(place)} is not a folder`, { hint }];
}

// ../core/src/sync/pack/encode.ts
import { hash } from "node:crypto";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
var WORTHWHILE = 0.9;
var SAMPLES = 8;
var SAMPLE_BYTES = 32 << 10;
var CHUNK_BYTES = 1 << 20;
var SMALL_BYTES = 128 << 10;
function encodeParcel(bytes, encoding, level) {
  if (encoding !== "none" && isShrinking(takeSamples(bytes))) {
    const encoded = compress(bytes, encoding, level);
    if (encoded.length < bytes.length * WORTHWHILE) {
      return { bytes: encoded, encoding, sha256: hash("sha256", encoded) };
    }
  }
  return { bytes, encoding: "none", sha256: hash("sha256", bytes) };
}
function isShrinking(samples) {
  const total = samples.reduce((sum, sample) => sum + sample.length, 0);
  const shrunk = samples.reduce((sum, sample) => sum + compress(sample, "zstd", 1).length, 0);
  return shrunk < total * WORTHWHILE;
}
function takeSamples(bytes) {
  if (bytes.length <= SAMPLES * SAMPLE_BYTES) return [bytes];
  const step = Math.floor((bytes.length - SAMPLE_BYTES) / (SAMPLES - 1));
  return Array.from({ length: SAMPLES }, (_, index) => bytes.subarray(index * step, index * step + SAMPLE_BYTES));
}
function compress(bytes, encoding, level) {
  if (encoding === "gzip") return gzipSync(bytes, { level: Math.min(level, 9), chunkSize: CHUNK_BYTES });
  return zstdCompressSync(bytes, {
    // Room for all of it in one piece, of which only what is written costs memory: pieces would be copied, and stay as
    // garbage of which the collector hardly knows.
    chunkSize: bytes.length + (bytes.length >> 8) + SMALL_BYTES,
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: level }
  });
}

// ../core/src/sync/pack/pack-worker.ts
parentPort?.on("message", (message) => {
  const moved = [];
  let answer;
  try {
    if (!isPackJob(message)) throw new TypeError("not a job for a packing thread");
    answer = { result: work(message, moved) };
  } catch (error) {
    answer = renderFailure(error);
  }
  parentPort?.postMessage(answer, moved);
});
function work(job, moved) {
  if (job.kind === "scan") return renderIndex(scanTree(job));
  if (job.kind === "hash") return job.files.map(([path, sizeBytes]) => hashSource(path, sizeBytes));
  if (job.kind === "judge") return isShrinking(readSamples(job.path));
  return moveOut(job.kind === "bundle" ? makeBundle(job) : makeSlice(job), moved);
}
var memory = Buffer.alloc(0);
function takeMemory(sizeBytes) {
  if (memory.length < sizeBytes) memory = Buffer.allocUnsafeSlow(sizeBytes);
  return memory.subarray(0, sizeBytes);
}
function makeBundle({ entries, sources, staging, encoding, level }) {
  const place = { sources, staging };
  const { archive, fileHashes } = packBundle({ entries: entries.map(parsePackEntry) }, place, takeMemory);
  return { ...encodeParcel(archive, encoding, level), fileHashes };
}
function makeSlice({ path, offsetBytes, sizeBytes, encoding, level }) {
  const bytes = takeMemory(sizeBytes);
  readPart(path, { start: offsetBytes, length: sizeBytes }, bytes);
  return { ...encodeParcel(bytes, encoding, level), fileHashes: /* @__PURE__ */ new Map() };
}
function moveOut(packed, moved) {
  const { buffer } = packed.bytes;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength <= packed.bytes.length * 1.25;
  const bytes = isOwn ? packed.bytes : new Uint8Array(packed.bytes);
  if (!isOwn && packed.encoding !== "none" && buffer instanceof ArrayBuffer) buffer.transfer(0);
  if (bytes.buffer instanceof ArrayBuffer) moved.push(bytes.buffer);
  return { ...packed, bytes };
}
