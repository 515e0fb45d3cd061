import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
import {
  RepxError,
  encodeParcel,
  encodePath,
  explainNamed,
  explainSource,
  hashSource,
  isPackJob,
  joinPath,
  packBundle,
  parsePackEntry,
  readPart,
  renderFailure,
  renderIndex,
  renderPath,
  toDiskPath
} from "./chunk-WYDBFK5T.js";

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

// ../core/src/sync/pack/pack-worker.ts
parentPort?.on("message", (message) => {
  let answer;
  try {
    if (!isPackJob(message)) throw new TypeError("not a job for a packing thread");
    answer = { result: work(message) };
  } catch (error) {
    answer = renderFailure(error);
  }
  parentPort?.postMessage(answer, []);
});
function work(job) {
  if (job.kind === "scan") return renderIndex(scanTree(job));
  if (job.kind === "hash") return job.files.map(([path, sizeBytes]) => hashSource(path, sizeBytes));
  return job.kind === "bundle" ? makeBundle(job) : makePart(job);
}
var memory = Buffer.alloc(0);
function takeMemory(sizeBytes) {
  if (memory.length < sizeBytes) memory = Buffer.allocUnsafeSlow(sizeBytes);
  return memory.subarray(0, sizeBytes);
}
function makeBundle({ entries, sources, staging, encoding, bytesPerSecond, room }) {
  const place = { sources, staging };
  const { archive, fileHashes } = packBundle({ entries: entries.map(parsePackEntry) }, place, takeMemory);
  return { ...moveInto(room, encodeParcel(archive, encoding, bytesPerSecond)), fileHashes };
}
function makePart({ path, offsetBytes, sizeBytes, encoding, bytesPerSecond, room }) {
  const bytes = takeMemory(sizeBytes);
  readPart(path, { start: offsetBytes, length: sizeBytes }, bytes);
  return { ...moveInto(room, encodeParcel(bytes, encoding, bytesPerSecond)), fileHashes: /* @__PURE__ */ new Map() };
}
function moveInto(room, packed) {
  const { bytes } = packed;
  const moved = bytes.length <= room.byteLength ? new Uint8Array(room, 0, bytes.length) : new Uint8Array(bytes.length);
  moved.set(bytes);
  if (packed.encoding !== "none" && bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  return { ...packed, bytes: moved };
}
