// The members of a tar stream, with names as bytes: the `tar` package decodes them as UTF-8, by which other names are lost.
// Reads ustar and GNU's long names, which is what our commands make; anything else is damage. Writes nothing.
import { Header } from "tar";
import { RepxError } from "../../model/errors.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import type { ByteQueue } from "./byte-queue.ts";

/** One member; its content comes next in the stream. */
export interface TarMember {
  readonly path: BytePath;
  readonly kind: "file" | "symlink" | "hardlink" | "other";
  /** Where a link leads. */
  readonly target: BytePath;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
}

const BLOCK_BYTES = 512;
/** Linux's PATH_MAX is 4096. */
const MOST_NAME_BYTES = 8192;
const KINDS: Readonly<Record<string, TarMember["kind"] | undefined>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  SymbolicLink: "symlink",
  Link: "hardlink",
};
const LONG_NAMES: Readonly<Record<string, "path" | "target" | undefined>> = {
  NextFileHasLongPath: "path",
  OldGnuLongPath: "path",
  NextFileHasLongLinkpath: "target",
};
/** Extensions that change the meaning of what follows; passing over them would put a body under another name. */
const REFUSED = new Set(["ExtendedHeader", "OldExtendedHeader", "GlobalExtendedHeader"]);

/** Yields the members; the body of each must have been taken, padding included, before the next is asked for. */
export async function* readMembers(queue: ByteQueue): AsyncGenerator<TarMember, undefined> {
  let long: { path?: BytePath; target?: BytePath } = {};
  for (;;) {
    const block = await queue.take(BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw refuseStream("it ends in the middle");
    const header = readHeader(block);
    if (header === undefined) break;
    const sizeBytes = header.size ?? 0;
    const key = LONG_NAMES[header.type];
    if (key !== undefined) {
      if (sizeBytes > MOST_NAME_BYTES) throw refuseStream(`it has a name of ${sizeBytes} bytes`);
      const body = await queue.take(sizeBytes + countPadding(sizeBytes));
      long = { ...long, [key]: cutAtNul(body.subarray(0, sizeBytes)) };
      continue;
    }
    if (REFUSED.has(header.type)) throw refuseStream("it has a header that was not asked for");
    yield {
      path: long.path ?? readPath(block),
      kind: KINDS[header.type] ?? "other",
      target: long.target ?? cutAtNul(block.subarray(157, 257)),
      mode: (header.mode ?? 0) & 0o777,
      sizeBytes,
      mtimeSeconds: Math.floor((header.mtime?.getTime() ?? 0) / 1000),
    };
    long = {};
  }
  // The rest is padding to tar's record size.
  while ((await queue.takeSome(BLOCK_BYTES * 128)).length > 0);
}

/** Counts the zeros after a body. */
export function countPadding(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** The error for a stream that is not what the target's tar makes. */
export function refuseStream(what: string, cause?: unknown): RepxError {
  return new RepxError("SYNC_FAILED", `a stream of files from the target is damaged: ${what}`, {
    hint: "Nothing of it was put into place. Try again: what came before stays, and is not fetched again.",
    cause,
  });
}

/** Undefined for the block of zeros that ends an archive. */
function readHeader(block: Buffer): Header | undefined {
  let header: Header;
  try {
    header = new Header(block);
  } catch (cause) {
    throw refuseStream("it has a header that cannot be read", cause);
  }
  if (header.nullBlock) return undefined;
  if (!header.cksumValid) throw refuseStream("a header's checksum is wrong");
  return header;
}

/** A ustar header has the beginning of a long path apart; GNU's has other things in that place. */
function readPath(block: Buffer): BytePath {
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? cutAtNul(block.subarray(345, 500)) : "";
  const name = cutAtNul(block.subarray(0, 100));
  return prefix === "" ? name : `${prefix}/${name}`;
}

function cutAtNul(bytes: Buffer): BytePath {
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end === -1 ? bytes.length : end);
}
