// Takes a tar stream apart in a staging folder. What the target sends decides over content alone: a member is written only
// if it was asked for by exactly that name, and under a number, never under its name. No folder, device or FIFO is ever made.
import { closeSync, constants, futimesSync, openSync, writeSync } from "node:fs";
import { link, lutimes, open, symlink, type FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import { toDiskPath } from "../tree/byte-path.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import { openByteQueue, type ByteQueue } from "./byte-queue.ts";
import { refuseName, type ListedEntry } from "./parse-listing.ts";
import { countPadding, readMembers, refuseStream, type TarMember } from "./tar-members.ts";

/** Something that lies in the staging folder. */
export interface ArrivedEntry {
  readonly entry: ListedEntry;
  /** Absolute. */
  readonly stagedPath: string;
  /** The path that its content came by: another one's for a hard link. */
  readonly content: BytePath;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
}

/** What a stream held. */
export interface Unpacked {
  readonly arrived: readonly ArrivedEntry[];
  readonly refused: readonly { readonly entry: ListedEntry; readonly reason: string }[];
}

/** Where a stream goes, and what it may hold. */
export interface UnpackOrder {
  readonly wanted: readonly ListedEntry[];
  /** A folder that nobody else writes to. */
  readonly folder: string;
  readonly maxFileBytes: number;
  readonly onBytes: (bytes: number) => void;
  /** Hears by how much a file is larger than it was listed, before it is written; what it throws ends the stream. */
  readonly onGrowth: (bytes: number) => void;
}

const CHUNK_BYTES = 1024 * 1024;
const SMALL_BYTES = 256 * 1024;
/** Linux's PATH_MAX without the NUL. */
const MOST_TARGET_BYTES = 4095;
/** Makes a file that was not there; never through a link. */
export const STAGE_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Unpacks a stream to its end. SYNC_UNSAFE_NAME for a member that was not asked for, SYNC_FAILED for a broken stream. */
export async function unpackStream(chunks: AsyncIterable<Buffer>, order: UnpackOrder): Promise<Unpacked> {
  const queue = openByteQueue(chunks);
  const awaited = new Map(order.wanted.map((entry) => [entry.path, entry]));
  const arrived = new Map<BytePath, ArrivedEntry>();
  const refused: { entry: ListedEntry; reason: string }[] = [];
  for await (const member of readMembers(queue)) {
    const entry = awaited.get(member.path) ?? refuseName(member.path);
    awaited.delete(member.path);
    const reason = refuseMember(member, entry, order, arrived);
    if (reason === undefined) {
      if (member.kind === "file") order.onGrowth(Math.max(0, member.sizeBytes - entry.sizeBytes));
      arrived.set(entry.path, await stage(queue, member, { entry, arrived, order }));
    } else {
      refused.push({ entry, reason });
      await passOver(queue, member.sizeBytes);
    }
    await queue.take(countPadding(member.sizeBytes));
  }
  return { arrived: [...arrived.values()], refused };
}

function refuseMember(
  member: TarMember,
  entry: ListedEntry,
  { maxFileBytes }: UnpackOrder,
  arrived: ReadonlyMap<BytePath, ArrivedEntry>,
): string | undefined {
  if (member.kind === "hardlink") {
    // A second name of a file that came before in this stream; any other could be somebody else's file.
    if (entry.kind === "file" && arrived.get(member.target)?.entry.kind === "file") return undefined;
    return "it is a hard link to something that was not fetched";
  }
  if (member.kind !== entry.kind) return "it became something else while it was fetched";
  if (member.kind === "symlink") {
    if (member.target.length > MOST_TARGET_BYTES) return "it is a link that leads too far";
    return isInside(member) ? undefined : "it is a link that leads out of the job's folder";
  }
  return member.sizeBytes > maxFileBytes ? "it grew beyond the limit for one file" : undefined;
}

/**
 * Only `..` at the beginning: it starts from a real folder. After a name it would start from wherever a link of that name
 * leads, so that a chain of links could climb out.
 */
function isInside({ path, target }: TarMember): boolean {
  if (target === "" || target.startsWith("/")) return false;
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const climbs = parts.findIndex((part) => part !== "..");
  const up = climbs === -1 ? parts.length : climbs;
  if (parts.slice(up).includes("..")) return false;
  // Below the job's folder: one part of the path is the job, the last is the link itself.
  return up <= path.split("/").length - 2;
}

interface StageContext {
  readonly entry: ListedEntry;
  readonly arrived: ReadonlyMap<BytePath, ArrivedEntry>;
  readonly order: UnpackOrder;
}

async function stage(queue: ByteQueue, member: TarMember, context: StageContext): Promise<ArrivedEntry> {
  const { entry, arrived, order } = context;
  const stagedPath = posix.join(order.folder, String(arrived.size));
  const { sizeBytes, mtimeSeconds } = member;
  if (member.kind === "hardlink") {
    const first = arrived.get(member.target);
    if (first === undefined) throw new TypeError("a hard link was let through without what it links to");
    await link(first.stagedPath, stagedPath);
    order.onBytes(entry.sizeBytes);
    return { ...first, entry, stagedPath };
  }
  if (member.kind === "symlink") {
    await symlink(toDiskPath(member.target), stagedPath);
    await lutimes(stagedPath, mtimeSeconds, mtimeSeconds);
  } else await writeBody(queue, member, stagedPath, order.onBytes);
  return { entry, stagedPath, content: entry.path, sizeBytes, mtimeSeconds };
}

/** Readable for its owner whatever its mode is there; never set-uid, the umask applies. */
async function writeBody(
  queue: ByteQueue,
  { mode, sizeBytes, mtimeSeconds }: TarMember,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (sizeBytes <= SMALL_BYTES) {
    const content = await queue.take(sizeBytes);
    if (content.length < sizeBytes) throw refuseStream("it ends in the middle of a file");
    writeSmall(path, content, mode | 0o400, mtimeSeconds);
    onBytes(sizeBytes);
    return;
  }
  const file = await open(path, STAGE_FLAGS, mode | 0o400);
  try {
    for (let left = sizeBytes; left > 0;) {
      const chunk = await queue.takeSome(Math.min(left, CHUNK_BYTES));
      if (chunk.length === 0) throw refuseStream("it ends in the middle of a file");
      await writeWhole(file, chunk);
      left -= chunk.length;
      onBytes(chunk.length);
    }
    await file.utimes(mtimeSeconds, mtimeSeconds);
  } finally {
    await file.close();
  }
}

/** Without going to another thread and back for every step, which costs more than the steps. */
function writeSmall(path: string, content: Buffer, mode: number, mtimeSeconds: number): void {
  const file = openSync(path, STAGE_FLAGS, mode);
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    futimesSync(file, mtimeSeconds, mtimeSeconds);
  } finally {
    closeSync(file);
  }
}

/** Writes all of it, in as many steps as it takes. */
export async function writeWhole(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
}

async function passOver(queue: ByteQueue, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const { length } = await queue.takeSome(Math.min(left, CHUNK_BYTES));
    if (length === 0) throw refuseStream("it ends in the middle of a file");
    left -= length;
  }
}
