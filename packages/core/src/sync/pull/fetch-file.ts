// Fetches one large file, as long as it was when it was listed. The target hashes the file itself while it sends it, so that
// no copy of the stream is made there; a file that changed meanwhile is fetched once again, and then left out. Where the
// connection is lost it goes on where it was.
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { posix } from "node:path";
import type { Output, Transport } from "../../target/transport/transport.ts";
import { persist } from "../push/persist.ts";
import { BLOCK_BYTES, FETCH_FILE_SCRIPT } from "./fetch-file-script.ts";
import { openFileWriter, type FileWriter } from "./file-writer.ts";
import { openIntake, type Intake } from "./intake.ts";
import { leaveOut } from "./plan-pull.ts";
import { readWord, refuseEnd, type FetchedStream, type StreamOrder } from "./stream-order.ts";
import { startStreamHead } from "./stream-head.ts";
import type { ListedEntry } from "./parse-listing.ts";
import { refuseStream } from "./tar-members.ts";

const COMPRESSED = "z".charCodeAt(0);
const LOST: ReadonlyMap<string, string> = new Map([
  ["gone", "it became something else or vanished while it was fetched"],
  ["closed", "it could not be read there: Permission denied"],
]);

/** Fetches a large file into the order's folder. SYNC_FAILED when the target did not send it to the end. */
export async function fetchFile(transport: Transport, order: StreamOrder, entry: ListedEntry): Promise<FetchedStream> {
  const path = posix.join(order.folder, "0");
  const { sizeBytes, mtimeSeconds } = entry;
  let sentBytes = 0;
  let reason = "";
  for (let attempt = 0; attempt < 2; attempt++) {
    const copied = await copyFile(transport, order, entry, path);
    sentBytes += copied.sentBytes;
    if (copied.reason === undefined) {
      const arrived = [{ entry, stagedPath: path, content: entry.path, sizeBytes, mtimeSeconds }];
      return { arrived, refused: [], leftOut: [], sentBytes };
    }
    await rm(path, { force: true });
    order.onBytes(-copied.gotBytes);
    reason = copied.reason;
    if (reason !== CHANGED) break;
  }
  return { arrived: [], refused: [], leftOut: [leaveOut(entry, reason)], sentBytes };
}

const CHANGED = "it changed while it was fetched";

interface CopiedFile {
  readonly sentBytes: number;
  readonly gotBytes: number;
  /** Why what came is not the file. */
  readonly reason: string | undefined;
}

/** Goes on where it was when the connection is lost; what the target says at the end is about the whole. */
async function copyFile(
  transport: Transport,
  order: StreamOrder,
  entry: ListedEntry,
  path: string,
): Promise<CopiedFile> {
  const writer = await openFileWriter(path, entry, order.onBytes);
  let sentBytes = 0;
  const rest: RestOfFile = { entry, writer, onSent: (bytes) => void (sentBytes += bytes) };
  try {
    const { lost, sum } = await persist(async () => fetchRest(transport, order, rest), {
      limit: order.limit,
      isStopped: order.isStopped,
      countArrived: () => writer.doneBytes(),
    });
    const { sizeBytes: gotBytes, sha256 } = await writer.end();
    if (lost !== undefined) return { sentBytes, gotBytes, reason: lost };
    if (gotBytes < entry.sizeBytes) return { sentBytes, gotBytes, reason: "it shrank while it was fetched" };
    return { sentBytes, gotBytes, reason: sum === sha256 ? undefined : CHANGED };
  } catch (error) {
    // Its folder is to be removed: nothing must be written to it any more.
    await writer.drop();
    throw error;
  }
}

interface RestOfFile {
  readonly entry: ListedEntry;
  /** Has what came before. */
  readonly writer: FileWriter;
  readonly onSent: (bytes: number) => void;
}

/** Fetches what is not here yet; answers what the target says of the whole. */
async function fetchRest(
  transport: Transport,
  order: StreamOrder,
  { entry, writer, onSent }: RestOfFile,
): Promise<{ readonly lost: string | undefined; readonly sum: string }> {
  await writer.settle();
  const mark = randomUUID();
  const head = startStreamHead(mark);
  const skippedBlocks = Math.floor(writer.doneBytes() / BLOCK_BYTES);
  const sink = passOver(writer, writer.doneBytes() - skippedBlocks * BLOCK_BYTES);
  const held: { first?: number; decoder?: Intake<void> } = {};
  let isOver = false;
  const onStdout = (chunk: Uint8Array): undefined | Promise<void> => {
    const bytes = head.strip(chunk);
    // A connection that is lost may hand over late what it had kept.
    if (bytes.length === 0 || isOver) return undefined;
    onSent(bytes.length);
    if (held.first !== undefined) return (held.decoder ?? sink).write(bytes);
    held.first = bytes[0] ?? 0;
    if (held.first === COMPRESSED) held.decoder = openIntake(true, async (chunks) => writeAll(sink, chunks));
    return (held.decoder ?? sink).write(bytes.subarray(1));
  };
  try {
    const output = await runFetch(transport, order, { mark, entry, skippedBlocks, onStdout });
    await held.decoder?.end();
    const [lost, sum] = ["lost", "sum"].map((word) => readWord(output.stderr, mark, word) ?? "");
    if (LOST.get(lost ?? "") === undefined && (sum ?? "") === "") throw refuseEnd(transport.description, output);
    return { lost: LOST.get(lost ?? ""), sum: sum ?? "" };
  } catch (error) {
    isOver = true;
    await held.decoder?.drop();
    throw held.decoder?.isDamaged() === true ? refuseStream("it cannot be decompressed", error) : error;
  }
}

type Sink = Pick<FileWriter, "write">;

/** Blocks begin before what is missing. */
function passOver(sink: Sink, bytes: number): Sink {
  let left = bytes;
  return {
    write(piece) {
      const rest = piece.subarray(left);
      left -= piece.length - rest.length;
      return rest.length === 0 ? undefined : sink.write(rest);
    },
  };
}

async function writeAll(sink: Sink, chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) await sink.write(chunk);
}

interface Fetch {
  readonly mark: string;
  readonly entry: ListedEntry;
  readonly skippedBlocks: number;
  readonly onStdout: (chunk: Uint8Array) => undefined | Promise<void>;
}

async function runFetch(
  transport: Transport,
  { basePath, tools, limit }: StreamOrder,
  { mark, entry, skippedBlocks, onStdout }: Fetch,
): Promise<Output> {
  const [codec, hash] = [tools.hasZstd ? "zstd" : "none", tools.hasOpenssl ? "openssl" : "sha256sum"];
  const numbers = [entry.sizeBytes, skippedBlocks].map(String);
  return transport.run({
    argv: ["sh", "-c", FETCH_FILE_SCRIPT, "fetch", basePath, mark, codec, hash, ...numbers],
    stdin: Buffer.from(entry.path, "latin1"),
    onStdout,
    // All of it is hashed each time.
    deadlineSeconds: limit.secondsFor(entry.sizeBytes),
  });
}
