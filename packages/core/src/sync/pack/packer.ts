// Reads, hashes and packs files in threads, so that the thread that speaks SSH never waits for a disk or for zstd. Each
// thread has one job at a time, so that no more than one parcel a thread is ever in its memory.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { RepxError } from "../../model/errors.ts";
import { encodePath, joinSource } from "../tree/byte-path.ts";
import type { ScanRequest as ScanTreeRequest } from "../tree/scan-tree.ts";
import type { BytePath, FileEntry, TreeEntry } from "../tree/tree-entry.ts";
import { parseIndex } from "../tree/tree-index.ts";
import {
  readPacked,
  readResult,
  readText,
  readTexts,
  renderPackEntry,
  type PackedResult,
  type PackJob,
} from "./pack-job.ts";
import { startPackedMemory } from "./packed-memory.ts";
import type { Bundle, Encoding, Slice } from "./parcel.ts";

/** A packed parcel or part. */
export interface Packed extends PackedResult {
  /** To be called once, when nobody reads its bytes any more: their memory is taken again. */
  readonly release: () => void;
}

/** What to list. */
export interface ScanRequest extends ScanTreeRequest {
  readonly hash: boolean;
}

/** A part of a slice, which has its id; the offset is from the file's beginning. */
export interface SlicePart extends Pick<Slice, "id" | "item" | "path" | "offsetBytes" | "sizeBytes"> {
  readonly kind: "part";
}

/** What to pack. */
export interface PackRequest {
  readonly parcel: Bundle | SlicePart;
  /** Item number to its absolute source. */
  readonly sources: ReadonlyMap<number, string>;
  /** `.staging/<push>`. */
  readonly staging: string;
  readonly encoding: Encoding;
  /** Of the link; Infinity stores what is packed, undefined says that nothing is known. */
  readonly bytesPerSecond: number | undefined;
}

/** Threads that read and pack. */
export interface Packer extends AsyncDisposable {
  /** Lists a tree; with `hash` every file's SHA-256. */
  scan(request: ScanRequest): Promise<TreeEntry[]>;
  /** Reads and packs a bundle or a part of a slice; SYNC_SOURCE_CHANGED when a file changed its size or vanished. */
  pack(request: PackRequest): Promise<Packed>;
  /** SHA-256 of a whole file; its path as UTF-8, or as the bytes that `joinSource` gives. */
  hash(path: string | Buffer): Promise<string>;
}

const THREADS = 2;
/** Of files that one job hashes: small enough that two threads end at about the same time. */
const HASH_BYTES = 32 << 20;
/** What opening a file costs, in bytes that are hashed meanwhile. */
const OPEN_COST = 16 << 10;

/**
 * Opens a packer; its threads start when they are needed, and keep no process alive when they are not. `program` is what
 * they run: pack-worker, which lies beside this file.
 */
export function openPacker(
  workers: number = Math.min(THREADS, availableParallelism()),
  program: URL = locateProgram(),
): Packer {
  const threads = openThreads(workers, program);
  const { run } = threads;
  const memory = startPackedMemory();
  const packInto = async (request: PackRequest, room: SharedArrayBuffer): Promise<Packed> => {
    const result = readPacked(await run(makePackJob(request, room)));
    // What came from another thread is another object over the same memory.
    if (result.bytes.buffer instanceof SharedArrayBuffer) return { ...result, release: () => memory.give(room) };
    memory.give(room);
    return { ...result, release: () => {} };
  };
  return {
    scan: async ({ source, only, isStore, hash }) => {
      const entries = parseIndex(readText(await run({ kind: "scan", source, only, isStore })));
      if (!hash) return entries;
      const parts = divideFiles(entries.filter((entry) => entry.kind === "file"));
      const digests = await Promise.all(parts.map(async (part) => run(makeHashJob(source, part)).then(readTexts)));
      const all = digests.flat();
      const hashes = new Map(parts.flat().map(({ path }, index) => [path, all[index]]));
      return entries.map((entry) => addHash(entry, hashes.get(entry.path)));
    },
    pack: async (request) => packInto(request, memory.take()),
    hash: async (path) => {
      const [digest = ""] = readTexts(await run({ kind: "hash", files: [[readBytes(path)]] }));
      return digest;
    },
    [Symbol.asyncDispose]: threads.close,
  };
}

function readBytes(path: string | Buffer): BytePath {
  return typeof path === "string" ? encodePath(path) : path.toString("latin1");
}

function divideFiles(files: readonly FileEntry[]): FileEntry[][] {
  const parts: FileEntry[][] = [];
  let room = 0;
  for (const file of files) {
    if (room <= 0) {
      parts.push([]);
      room = HASH_BYTES;
    }
    parts.at(-1)?.push(file);
    room -= file.sizeBytes + OPEN_COST;
  }
  return parts;
}

function makeHashJob(source: string, files: readonly FileEntry[]): PackJob {
  return { kind: "hash", files: files.map(({ path, sizeBytes }) => [joinSource(source, path), sizeBytes]) };
}

function addHash(entry: TreeEntry, sha256: string | undefined): TreeEntry {
  return entry.kind === "file" && sha256 !== undefined ? { ...entry, sha256 } : entry;
}

function makePackJob(
  { parcel, sources, staging, encoding, bytesPerSecond }: PackRequest,
  room: SharedArrayBuffer,
): PackJob {
  if (parcel.kind === "bundle") {
    const entries = parcel.entries.map(renderPackEntry);
    return { kind: "bundle", entries, sources, staging, encoding, bytesPerSecond, room };
  }
  const { item, path, offsetBytes, sizeBytes } = parcel;
  const source = sources.get(item);
  if (source === undefined) throw new TypeError(`no source for item ${item}`);
  return { kind: "part", path: joinSource(source, path), offsetBytes, sizeBytes, encoding, bytesPerSecond, room };
}

interface Request {
  readonly job: PackJob;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  current: Request | undefined;
}

function openThreads(
  most: number,
  program: URL,
): { run: (job: PackJob) => Promise<unknown>; close: () => Promise<void> } {
  const threads = new Set<Thread>();
  const queue: Request[] = [];
  let isClosed = false;

  const advance = (): void => {
    for (let next = queue[0]; next !== undefined; [next] = queue) {
      const idle = [...threads].find(({ current }) => current === undefined);
      const thread = idle ?? (threads.size < most ? startThread() : undefined);
      if (thread === undefined) return;
      queue.shift();
      thread.current = next;
      thread.worker.ref();
      thread.worker.postMessage(next.job, []);
    }
  };
  const startThread = (): Thread => {
    const thread: Thread = { worker: startWorker(program), current: undefined };
    const lose = (reason: string): void => {
      threads.delete(thread);
      thread.current?.reject(reportLoss(reason));
      thread.current = undefined;
      advance();
    };
    thread.worker.on("message", (answer: unknown) => {
      const done = thread.current;
      thread.current = undefined;
      thread.worker.unref();
      settle(done, answer);
      advance();
    });
    thread.worker.on("error", (error) => lose(error instanceof Error ? error.message : String(error)));
    thread.worker.on("exit", (status) => lose(`it exited with ${status}`));
    thread.worker.unref();
    threads.add(thread);
    return thread;
  };
  return {
    run: async (job) => {
      if (isClosed) throw reportLoss("the packer is closed");
      return new Promise((resolve, reject) => {
        queue.push({ job, resolve, reject });
        advance();
      });
    },
    close: async () => {
      isClosed = true;
      for (const { reject } of queue.splice(0)) reject(reportLoss("the packer was closed"));
      await Promise.all([...threads].map(async ({ worker }) => worker.terminate()));
    },
  };
}

function settle(request: Request | undefined, answer: unknown): void {
  try {
    request?.resolve(readResult(answer));
  } catch (error) {
    request?.reject(error);
  }
}

/** As source it is TypeScript; in the bundle of the Action both were built. */
function locateProgram(): URL {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  return new URL(`./pack-worker${extension}`, import.meta.url);
}

/**
 * Without the flags that this process was started with: some of them are not for threads. What a job makes is short-lived
 * and small beside its buffers; with little room for it two threads hold 50 MB less.
 */
function startWorker(program: URL): Worker {
  return new Worker(program, { name: "pack", execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } });
}

function reportLoss(reason: string): RepxError {
  return new RepxError("SYNC_FAILED", `a thread that reads and packs files ended: ${reason}`, {
    hint: "The target is as it was. Try again; if it happens again, see that this machine has memory left (`free -h`).",
  });
}
