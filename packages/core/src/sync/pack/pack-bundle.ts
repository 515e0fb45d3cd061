// Reads the files of a bundle straight into one tar archive. Nothing is copied: the archive's size follows from the
// entries, and each file's hash is taken where it lies in it.
import { hash } from "node:crypto";
import { joinPath, joinSource } from "../tree/byte-path.ts";
import { readInto } from "../tree/read-source.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import type { Bundle, PackEntry } from "./parcel.ts";
import { END_BYTES, measureRecord, padBlocks, writeRecord, type TarRecord } from "./tar-record.ts";

/** Where a bundle comes from and goes to. */
export interface BundlePlace {
  /** Item number to its absolute source. */
  readonly sources: ReadonlyMap<number, string>;
  /** `.staging/<push>`. */
  readonly staging: string;
}

/** Builds the archive in memory that `allocate` gives; the hashes are those of the files whose content is in it, by `<item>/<path>`. */
export function packBundle(
  { entries }: Pick<Bundle, "entries">,
  { sources, staging }: BundlePlace,
  allocate: (sizeBytes: number) => Buffer,
): { archive: Buffer; fileHashes: Map<BytePath, string> } {
  const records = entries.map((each) => describeEntry(each, staging));
  const size = records.reduce((sum, record) => sum + measureRecord(record) + padBlocks(record.sizeBytes), END_BYTES);
  const archive = allocate(size);
  const fileHashes = new Map<BytePath, string>();
  let end = 0;
  for (const [index, record] of records.entries()) {
    const start = writeRecord(archive, end, record);
    end = start + padBlocks(record.sizeBytes);
    const each = entries[index];
    if (each?.entry.kind !== "file" || each.existing !== undefined) continue;
    const { item, entry } = each;
    const source = sources.get(item);
    if (source === undefined) throw new TypeError(`no source for item ${item}`);
    readInto(joinSource(source, entry.path), entry.sizeBytes, archive, start);
    fileHashes.set(`${item}/${entry.path}`, hash("sha256", archive.subarray(start, start + entry.sizeBytes)));
    archive.fill(0, start + entry.sizeBytes, end);
  }
  archive.fill(0, end);
  return { archive, fileHashes };
}

/** Describes an entry as it is written; a file's content has to follow. */
export function describeEntry({ item, entry, existing }: PackEntry, staging: string): TarRecord {
  const top = `${staging}/${item}`;
  const name = joinPath(top, entry.path);
  const empty = { name, sizeBytes: 0 };
  if (entry.kind === "hardlink") {
    return { ...empty, type: "hardlink", mode: 0o644, mtimeSeconds: 0, target: joinPath(top, entry.target) };
  }
  const { mtimeSeconds } = entry;
  if (entry.kind === "symlink") return { ...empty, type: "symlink", mode: 0o777, mtimeSeconds, target: entry.target };
  const { mode } = entry;
  // Older tars know a folder by the slash.
  if (entry.kind === "folder") return { ...empty, type: "folder", name: `${name}/`, mode, mtimeSeconds };
  if (existing !== undefined) return { ...empty, type: "hardlink", mode, mtimeSeconds, target: existing };
  return { type: "file", name, mode, mtimeSeconds, sizeBytes: entry.sizeBytes };
}
