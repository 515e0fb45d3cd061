// The entries of a tar archive: POSIX ustar and pax, GNU's long names. Bodies are left to the reader.
import { Header } from "tar";
import type { RepxError } from "../../model/errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { clipText } from "../clip-text.ts";
import { refuseLab } from "../refuse-lab.ts";

/** One entry; `path` and `link` as they are written in the archive. */
export interface TarEntry {
  readonly type: "file" | "folder" | "symlink" | "hardlink" | "other";
  readonly path: string;
  /** Where a link leads. */
  readonly link: string;
  /** Where the content begins in the uncompressed archive. */
  readonly offset: number;
  readonly size: number;
}

const BLOCK_BYTES = 512;
/** Of a long name, or of one entry's pax records. */
const MOST_META_BYTES = 1024 * 1024;

const TYPES: Readonly<Record<string, TarEntry["type"] | undefined>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "folder",
  SymbolicLink: "symlink",
  Link: "hardlink",
};
const META = new Set(["ExtendedHeader", "OldExtendedHeader", "GlobalExtendedHeader", "NextFileHasLongPath"]);
META.add("NextFileHasLongLinkpath").add("OldGnuLongPath");

/** Yields the entries in order, with the reader at the beginning of their content, of which any part may be read. */
export async function* readTarEntries(reader: ByteReader, lab: string): AsyncGenerator<TarEntry> {
  let meta: Meta = {};
  for (let first = true; ; first = false) {
    const block = await reader.read(BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw refuseLab(lab, first ? "it is no tar archive" : "the archive ends too early");
    const header = readHeader(block, lab, first);
    if (header === undefined) return;
    const size = readSize(header, meta, lab);
    const offset = reader.position;
    if (META.has(header.type)) meta = { ...meta, ...(await readMeta(reader, header.type, size, lab)) };
    else {
      yield makeEntry(header, meta, { offset, size }, lab);
      meta = {};
    }
    await reader.skip(offset + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES - reader.position);
  }
}

/** What headers before an entry say of it. */
interface Meta {
  readonly path?: string | undefined;
  readonly link?: string | undefined;
  readonly size?: string | undefined;
  readonly isSparse?: boolean;
}

/** Undefined for the block of zeros that ends an archive. */
function readHeader(block: Buffer, lab: string, isFirst: boolean): Header | undefined {
  let header: Header;
  try {
    header = new Header(block);
  } catch (cause) {
    throw refuseLab(lab, "the archive has a header that cannot be read", undefined, cause);
  }
  if (header.nullBlock) return undefined;
  if (!header.cksumValid) {
    throw refuseLab(lab, isFirst ? "it is no tar archive" : "the archive is damaged: a header's checksum is wrong");
  }
  return header;
}

function readSize(header: Header, meta: Meta, lab: string): number {
  const size = meta.size === undefined || META.has(header.type) ? (header.size ?? 0) : Number(meta.size);
  const type = TYPES[header.type];
  if (type === "folder") return 0;
  // Programs differ in whether a link has content, so that they would see different archives.
  const isOdd = (type === "symlink" || type === "hardlink") && size > 0;
  if (Number.isSafeInteger(size) && size >= 0 && !isOdd) return size;
  throw refuseLab(lab, `the archive declares an entry of ${size} bytes where none can be`);
}

async function readMeta(reader: ByteReader, type: string, size: number, lab: string): Promise<Meta> {
  // It speaks of all entries after it; nothing that matters here can be said so.
  if (type === "GlobalExtendedHeader") return {};
  if (size > MOST_META_BYTES) throw refuseLab(lab, `the archive has a name of ${size} bytes`);
  const body = await reader.read(size);
  if (body.length < size) throw refuseLab(lab, "the archive ends too early");
  if (type.endsWith("ExtendedHeader")) return parsePax(body, lab);
  const name = body.toString("utf8").replace(/\0+$/, "");
  return type === "NextFileHasLongLinkpath" ? { link: name } : { path: name };
}

/** Records are "<length> <key>=<value>\n", the length being that of the record in bytes (pax(1), Extended Header). */
function parsePax(body: Buffer, lab: string): Meta {
  const found = new Map<string, string>();
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const space = body.indexOf(0x20, at);
    const equals = body.indexOf(0x3d, at);
    const end = at + Number(body.toString("latin1", at, space));
    if (space < at || equals < space || !(end > equals && end <= body.length)) {
      throw refuseLab(lab, "the archive has a pax header that cannot be read");
    }
    found.set(body.toString("utf8", space + 1, equals), body.toString("utf8", equals + 1, end - 1));
    at = end;
  }
  const isSparse = [...found.keys()].some((key) => key.startsWith("GNU.sparse."));
  return { path: found.get("path"), link: found.get("linkpath"), size: found.get("size"), isSparse };
}

function makeEntry(header: Header, meta: Meta, body: { offset: number; size: number }, lab: string): TarEntry {
  const path = meta.path ?? header.path ?? "";
  const link = meta.link ?? header.linkpath ?? "";
  // A sparse file's content is not what lies in the archive.
  const type = meta.isSparse === true ? "other" : (TYPES[header.type] ?? "other");
  if (/\p{Cc}/u.test(path) || /\p{Cc}/u.test(link)) throw refuseName(lab, path);
  return { type, path, link, ...body };
}

function refuseName(lab: string, path: string): RepxError {
  return refuseLab(lab, `the archive has a name with control characters: ${clipText(path)}`);
}
