// Fetches files as one stream. Its SHA-256 is made on both sides, of the bytes as they travel: there by a `tee` into openssl or
// sha256sum. Only when both agree, and tar's end was seen, does a stream count as whole.
import { createHash, randomUUID } from "node:crypto";
import type { Output, Transport } from "../../target/transport.ts";
import { FETCH_SCRIPT } from "./fetch-script.ts";
import { openIntake } from "./intake.ts";
import type { ListedEntry } from "./parse-listing.ts";
import { leaveOut } from "./plan-pull.ts";
import { showPath } from "./show-path.ts";
import { startStreamHead } from "./stream-head.ts";
import { refuseStream } from "./tar-members.ts";
import { refuseEnd, type FetchedStream, type StreamOrder } from "./stream-order.ts";
import { unpackStream, type Unpacked } from "./unpack-stream.ts";

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
    const { sha256, said } = readLastWords(output.stderr, mark);
    if (sha256 !== hash.digest("hex")) throw refuseEnd(transport.description, output);
    return { ...dropShrunk(order.wanted, unpacked, said), sentBytes };
  } catch (error) {
    // Its folder is to be removed: nothing must be written to it any more.
    await intake.drop();
    throw intake.isDamaged() ? refuseStream("it cannot be decompressed", error) : error;
  }
}

async function runFetch(
  transport: Transport,
  { basePath, tools, wanted, deadlineSeconds }: StreamOrder,
  mark: string,
  onStdout: (chunk: Uint8Array) => undefined | Promise<void>,
): Promise<Output> {
  const [codec, hash] = [tools.hasZstd ? "zstd" : "none", tools.hasOpenssl ? "openssl" : "sha256sum"];
  const end = tools.hasGnuTar ? "\0" : "\n";
  return transport.run({
    argv: ["sh", "-c", FETCH_SCRIPT, "fetch", basePath, mark, codec, hash, tools.hasGnuTar ? "gnu" : "other"],
    stdin: Buffer.from(wanted.map(({ path }) => path + end).join(""), "latin1"),
    onStdout,
    deadlineSeconds,
  });
}

/** What the target said on stderr: the stream's hash, and why tar could not read a file, by the file's name. */
export function readLastWords(
  stderr: string,
  mark: string,
): { readonly sha256: string | undefined; readonly said: ReadonlyMap<string, string> } {
  const lines = stderr.split("\n");
  const sum = lines.findLast((line) => line.startsWith(`${mark} sum `))?.slice(`${mark} sum `.length);
  const complaints = lines.map((line) => /^tar: (.+?): ([A-Z].*)$/.exec(line)).filter((found) => found !== null);
  return { sha256: sum, said: new Map(complaints.map(([, name = "", words = ""]) => [name, words])) };
}

/** A file that shrank while tar read it has zeros at its end, which the job never wrote. */
function dropShrunk(
  wanted: readonly ListedEntry[],
  { arrived, refused }: Unpacked,
  said: ReadonlyMap<string, string>,
): Omit<FetchedStream, "sentBytes"> {
  const known = new Set([...arrived, ...refused].map(({ entry }) => entry.path));
  const unsent = wanted.filter(({ path }) => !known.has(path));
  const hear = ({ path }: ListedEntry): string | undefined => said.get(showPath(path));
  const [shrunk, whole] = part(arrived, ({ entry }) => SHRANK.test(hear(entry) ?? ""));
  const shrunkNames = [...said.values()].filter((words) => SHRANK.test(words)).length;
  if (shrunkNames > shrunk.length) throw refuseStream("a file shrank while it was read");
  return {
    arrived: whole,
    refused,
    leftOut: [
      ...refused.map(({ entry, reason }) => leaveOut(entry, reason)),
      ...shrunk.map(({ entry }) => leaveOut(entry, "it shrank while it was fetched")),
      ...unsent.map((entry) => leaveOut(entry, ["it could not be read there", ...listWords(hear(entry))].join(": "))),
    ],
  };
}

const SHRANK = /^File shrank by \d+ bytes/;

function part<Value>(values: readonly Value[], isFirst: (value: Value) => boolean): [Value[], Value[]] {
  return [values.filter(isFirst), values.filter((value) => !isFirst(value))];
}

function listWords(words: string | undefined): string[] {
  return words === undefined ? [] : [words];
}
