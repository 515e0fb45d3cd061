// Fetches one large file, as long as it was when it was listed. The target hashes the file itself while it sends it, so that
// no copy of the stream is made there; a file that changed meanwhile is fetched once again, and then left out.
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { posix } from "node:path";
import type { Output, Transport } from "../../target/transport.ts";
import { FETCH_FILE_SCRIPT } from "./fetch-file-script.ts";
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

async function copyFile(
  transport: Transport,
  order: StreamOrder,
  entry: ListedEntry,
  path: string,
): Promise<CopiedFile> {
  const mark = randomUUID();
  const head = startStreamHead(mark);
  const writer = await openFileWriter(path, entry, order.onBytes);
  const held: { decoder?: Intake<void> } = {};
  let sentBytes = 0;
  const onStdout = (chunk: Uint8Array): undefined | Promise<void> => {
    const bytes = head.strip(chunk);
    if (bytes.length === 0) return undefined;
    const isFirst = sentBytes === 0;
    sentBytes += bytes.length;
    if (isFirst && bytes[0] === COMPRESSED) held.decoder = openIntake(true, async (chunks) => writeAll(writer, chunks));
    return (held.decoder ?? writer).write(isFirst ? bytes.subarray(1) : bytes);
  };
  try {
    const output = await runFetch(transport, order, { mark, entry, onStdout });
    await held.decoder?.end();
    const { sizeBytes: gotBytes, sha256 } = await writer.end();
    const lost = LOST.get(readWord(output.stderr, mark, "lost") ?? "");
    if (lost !== undefined) return { sentBytes, gotBytes, reason: lost };
    const sum = readWord(output.stderr, mark, "sum");
    if (sum === undefined || sum === "") throw refuseEnd(transport.description, output);
    if (gotBytes < entry.sizeBytes) return { sentBytes, gotBytes, reason: "it shrank while it was fetched" };
    return { sentBytes, gotBytes, reason: sum === sha256 ? undefined : CHANGED };
  } catch (error) {
    // Its folder is to be removed: nothing must be written to it any more.
    await held.decoder?.drop();
    await writer.drop();
    throw held.decoder?.isDamaged() === true ? refuseStream("it cannot be decompressed", error) : error;
  }
}

async function writeAll(writer: FileWriter, chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) await writer.write(chunk);
}

async function runFetch(
  transport: Transport,
  { basePath, tools, deadlineSeconds }: StreamOrder,
  {
    mark,
    entry,
    onStdout,
  }: { mark: string; entry: ListedEntry; onStdout: (chunk: Uint8Array) => undefined | Promise<void> },
): Promise<Output> {
  const [codec, hash] = [tools.hasZstd ? "zstd" : "none", tools.hasOpenssl ? "openssl" : "sha256sum"];
  return transport.run({
    argv: ["sh", "-c", FETCH_FILE_SCRIPT, "fetch", basePath, mark, codec, hash, String(entry.sizeBytes)],
    stdin: Buffer.from(entry.path, "latin1"),
    onStdout,
    deadlineSeconds,
  });
}
