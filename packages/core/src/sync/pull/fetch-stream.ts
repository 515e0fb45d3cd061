// Fetches files as one stream. Its SHA-256 is made on both sides, of the bytes as they travel: there by a `tee` into openssl or
// sha256sum. Only when both agree, and the archive has its end, does a stream count as whole. What tar says decides over each file.
import { createHash, randomUUID } from "node:crypto";
import type { Output, Transport } from "../../target/transport/transport.ts";
import { FETCH_SCRIPT } from "./fetch-script.ts";
import { openIntake } from "./intake.ts";
import type { ListedEntry } from "./parse-listing.ts";
import { leaveOut } from "./plan-pull.ts";
import { startStreamHead } from "./stream-head.ts";
import { readWord, refuseEnd, type FetchedStream, type StreamOrder } from "./stream-order.ts";
import { readComplaints, type Complaints } from "./tar-complaints.ts";
import { refuseStream } from "./tar-members.ts";
import { unpackStream, type Unpacked } from "./unpack-stream.ts";

/** What a file counts for beside its content: opening many of them takes its time. */
const FILE_BYTES = 10_000;

/** Fetches one stream into its folder. SYNC_FAILED when it did not come as it was sent. */
export async function fetchStream(transport: Transport, order: StreamOrder): Promise<FetchedStream> {
  const mark = randomUUID();
  const head = startStreamHead(mark);
  const hash = createHash("sha256");
  const intake = openIntake(order.tools.hasZstd, async (chunks) => unpackStream(chunks, order));
  let sentBytes = 0;
  try {
    const output = await runFetch(transport, order, mark, (chunk) => {
      const bytes = head.strip(chunk);
      hash.update(bytes);
      sentBytes += bytes.length;
      return intake.write(bytes);
    });
    const unpacked = await intake.end();
    const sha256 = readWord(output.stderr, mark, "sum");
    const padded = readWord(output.stderr, mark, "padded");
    if (sha256 !== hash.digest("hex") || padded === undefined) throw refuseEnd(transport.description, output);
    const complaints = readComplaints(output.stderr, order.wanted);
    // One whose name is not known is among what came.
    if (Number(padded) > complaints.paddedFiles) throw refuseStream("a file could not be read to its end");
    return { ...dropPadded(order.wanted, unpacked, complaints), sentBytes };
  } catch (error) {
    // Its folder is to be removed: nothing must be written to it any more.
    await intake.drop();
    throw intake.isDamaged() ? refuseStream("it cannot be decompressed", error) : error;
  }
}

async function runFetch(
  transport: Transport,
  { basePath, tools, wanted, limit }: StreamOrder,
  mark: string,
  onStdout: (chunk: Uint8Array) => undefined | Promise<void>,
): Promise<Output> {
  const [codec, hash] = [tools.hasZstd ? "zstd" : "none", tools.hasOpenssl ? "openssl" : "sha256sum"];
  const end = tools.hasGnuTar ? "\0" : "\n";
  return transport.run({
    argv: ["sh", "-c", FETCH_SCRIPT, "fetch", basePath, mark, codec, hash, tools.hasGnuTar ? "gnu" : "other"],
    stdin: Buffer.from(wanted.map(({ path }) => path + end).join(""), "latin1"),
    onStdout,
    deadlineSeconds: limit.secondsFor(wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes + FILE_BYTES, 0)),
  });
}

/** Leaves out what tar filled up, and the further names of such a file. */
function dropPadded(
  wanted: readonly ListedEntry[],
  { arrived, refused }: Unpacked,
  complaints: Complaints,
): Omit<FetchedStream, "sentBytes"> {
  const known = new Set([...arrived, ...refused].map(({ entry }) => entry.path));
  const whole = arrived.filter(({ content }) => complaints.explainPadded(content) === undefined);
  return {
    arrived: whole,
    refused,
    leftOut: [
      ...refused.map(({ entry, reason }) => leaveOut(entry, reason)),
      ...arrived.flatMap(({ entry, content }) => {
        const reason = complaints.explainPadded(content);
        return reason === undefined ? [] : [leaveOut(entry, reason)];
      }),
      ...wanted
        .filter(({ path }) => !known.has(path))
        .map((entry) => leaveOut(entry, complaints.explainUnsent(entry.path))),
    ],
  };
}
