import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { RepxError } from "../../model/errors.ts";
import { startFileReader, startZstdReader, type ByteReader } from "./byte-reader.ts";
import { refuseKind, refuseLab, refuseMissing, refuseSize } from "../refuse-lab.ts";
import type { LabSource } from "./lab-source.ts";
import { readTarEntries, type TarEntry } from "./tar-entries.ts";
import { startTarCollection, type TarFile, type TarTree } from "./tar-tree.ts";

const CHUNK_BYTES = 1024 * 1024;
/** What is kept of a compressed archive, which has to be read from its beginning for every other file. */
const METADATA = /(^|\/)(lab|revision|closure)\/[^/]+$/;
const MOST_KEPT_BYTES = 256 * 1024 * 1024;
/** A text of zeros shrinks to a ten-thousandth; programs, images and metadata never do. */
const EXPANSION = { factor: 200, freeBytes: 256 * 1024 * 1024 };

/** Opens a Lab in a tar archive: walks over it once, and reads no content but metadata where it is compressed. */
export async function openTar(path: string, isCompressed: boolean): Promise<LabSource> {
  const archive = await describeArchive(path, isCompressed);
  const kept = new Map<number, Buffer>();
  const tree = await readTree(archive, kept);
  const find = (file: string): TarFile => findFile(path, tree, file);
  return {
    path,
    kind: "tar",
    list: async (folder) => tree.list(folder),
    has: async (file) => tree.find(file) !== undefined,
    readFile: async (file, maxBytes) => {
      const { offset, size } = find(file);
      if (size > maxBytes) throw refuseSize(path, file, size, maxBytes);
      return kept.get(offset) ?? read(archive, async (reader) => readBody(reader, archive, { offset, size }));
    },
    hashFiles: async (files) => hashFiles(archive, new Map(files.map((file) => [file, find(file)]))),
    stamp: async () => `${path} ${archive.stamp}`,
  };
}

interface Archive {
  readonly path: string;
  readonly isCompressed: boolean;
  /** Of the file, not of what it holds. */
  readonly bytes: number;
  readonly stamp: string;
}

async function describeArchive(path: string, isCompressed: boolean): Promise<Archive> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  return { path, isCompressed, bytes: Number(size), stamp: `${size} ${mtimeNs} ${ctimeNs} ${ino}` };
}

async function readTree(archive: Archive, kept: Map<number, Buffer>): Promise<TarTree> {
  const { path, isCompressed } = archive;
  const collection = startTarCollection(path);
  let keptBytes = 0;
  await read(archive, async (reader) => {
    for await (const entry of readTarEntries(reader, path)) {
      collection.add(entry);
      if (!isCompressed || !isMetadata(entry) || keptBytes + entry.size > MOST_KEPT_BYTES) continue;
      kept.set(entry.offset, await readBody(reader, archive, entry));
      keptBytes += entry.size;
    }
  });
  return collection.build();
}

function isMetadata({ type, path }: TarEntry): boolean {
  return type === "file" && METADATA.test(path);
}

/** Reads the archive from its beginning; what the decompressor or the disk says becomes LAB_INVALID. */
async function read<Result>(archive: Archive, use: (reader: ByteReader) => Promise<Result>): Promise<Result> {
  const { path, isCompressed, bytes } = archive;
  try {
    const { stamp } = await describeArchive(path, isCompressed);
    if (stamp !== archive.stamp) throw refuseLab(path, "it changed while it was read");
    await using reader = isCompressed
      ? startZstdReader(path, limitExpansion(path, bytes))
      : await startFileReader(path);
    return await use(reader);
  } catch (cause) {
    // Node's own errors have a code: a disk that fails, or a text that is not compressed as it says.
    if (cause instanceof RepxError || !(cause instanceof Error && "code" in cause)) throw cause;
    throw refuseLab(path, `the archive cannot be read: ${cause.message}`, undefined, cause);
  }
}

function limitExpansion(path: string, bytes: number): (total: number) => void {
  const most = EXPANSION.freeBytes + bytes * EXPANSION.factor;
  return (total) => {
    if (total > most) throw refuseLab(path, `its ${bytes} bytes expand to more than ${most}`);
  };
}

async function readBody(reader: ByteReader, { path }: Archive, { offset, size }: TarFile): Promise<Buffer> {
  await reader.skip(offset - reader.position);
  // A copy, or a small file would keep alive the large buffer that it came in.
  const body = Buffer.from(await reader.read(size));
  if (body.length < size) throw refuseTruncated(path);
  return body;
}

/** In the order in which they lie in the archive, so that it is read once. */
async function hashFiles(archive: Archive, files: ReadonlyMap<string, TarFile>): Promise<Map<string, string>> {
  const hashes = new Map<number, string>();
  await read(archive, async (reader) => {
    for (const file of [...files.values()].toSorted((left, right) => left.offset - right.offset)) {
      if (!hashes.has(file.offset)) hashes.set(file.offset, await hashBody(reader, archive.path, file));
    }
  });
  return new Map([...files].map(([path, { offset }]) => [path, hashes.get(offset) ?? ""]));
}

async function hashBody(reader: ByteReader, path: string, { offset, size }: TarFile): Promise<string> {
  const hash = createHash("sha256");
  await reader.skip(offset - reader.position);
  for (let left = size; left > 0;) {
    const chunk = await reader.read(Math.min(left, CHUNK_BYTES));
    if (chunk.length === 0) throw refuseTruncated(path);
    hash.update(chunk);
    left -= chunk.length;
  }
  return hash.digest("hex");
}

function findFile(path: string, tree: TarTree, file: string): TarFile {
  const found = tree.find(file);
  if (found === undefined) throw refuseMissing(path, file);
  if (found.type !== "file") throw refuseKind(path, file);
  return found;
}

function refuseTruncated(path: string): RepxError {
  return refuseLab(path, "the archive ends too early");
}
