// Headers of a tar archive, in the form that GNU tar and busybox read: ustar, with GNU's records for long names. Names
// go in as the bytes that they are, which libraries for tar do not offer: they encode names as UTF-8.
import type { BytePath } from "../tree/tree-entry.ts";

/** What one header says. */
export interface TarRecord {
  readonly type: "file" | "hardlink" | "symlink" | "folder";
  readonly name: BytePath;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  /** Of a link. */
  readonly target?: BytePath;
}

/** Tar counts in blocks of so many bytes. */
export const BLOCK_BYTES = 512;
/** Two empty blocks end an archive. */
export const END_BYTES = 2 * BLOCK_BYTES;

const TYPES = { file: "0", hardlink: "1", symlink: "2", folder: "5" };
const LONG_NAME = "L";
const LONG_TARGET = "K";
/** Of the fields for names; a name of just so many bytes has no NUL at its end. */
const FIELD_BYTES = 100;
const CHECKSUM_OFFSET = 148;

/** Rounds up to whole blocks. */
export function padBlocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Tells how many bytes `writeRecord` writes. */
export function measureRecord({ name, target = "" }: TarRecord): number {
  return BLOCK_BYTES + measureLong(name) + measureLong(target);
}

/** Writes the header, after it the content belongs; answers where it ends. */
export function writeRecord(buffer: Buffer, offset: number, record: TarRecord): number {
  const { name, target = "", mode, sizeBytes, mtimeSeconds } = record;
  let end = writeLong(buffer, offset, LONG_TARGET, target);
  end = writeLong(buffer, end, LONG_NAME, name);
  return writeHeader(buffer, end, { type: TYPES[record.type], name, target, mode, sizeBytes, mtimeSeconds });
}

function measureLong(name: BytePath): number {
  return name.length > FIELD_BYTES ? BLOCK_BYTES + padBlocks(name.length + 1) : 0;
}

/** Writes a name that has no room in a header as a record of its own, before it. */
function writeLong(buffer: Buffer, offset: number, type: string, name: BytePath): number {
  if (name.length <= FIELD_BYTES) return offset;
  const size = name.length + 1;
  const start = writeHeader(buffer, offset, {
    type,
    name: "././@LongLink",
    target: "",
    mode: 0o644,
    sizeBytes: size,
    mtimeSeconds: 0,
  });
  const end = start + padBlocks(size);
  buffer.write(name, start, "latin1");
  buffer.fill(0, start + name.length, end);
  return end;
}

interface Header {
  readonly type: string;
  readonly name: BytePath;
  readonly target: BytePath;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
}

/** POSIX.1-1988 with GNU's magic. Owner and group are 0, without names. */
function writeHeader(buffer: Buffer, offset: number, header: Header): number {
  const end = offset + BLOCK_BYTES;
  buffer.fill(0, offset, end);
  const fixed = `${renderOctal(header.mode, 7)}0000000\u00000000000\0${renderOctal(header.sizeBytes, 11)}${renderOctal(header.mtimeSeconds, 11)}        ${header.type}`;
  buffer.write(header.name, offset, FIELD_BYTES, "latin1");
  buffer.write(fixed, offset + FIELD_BYTES, "latin1");
  buffer.write(header.target, offset + 157, FIELD_BYTES, "latin1");
  buffer.write("ustar  ", offset + 257, "latin1");
  let sum = 0;
  for (let index = offset; index < end; index += 1) sum += buffer[index] ?? 0;
  buffer.write(`${sum.toString(8).padStart(6, "0")}\0 `, offset + CHECKSUM_OFFSET, "latin1");
  return end;
}

function renderOctal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}
