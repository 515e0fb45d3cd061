// The tar that ends a push: what can only be made when all files are there.
import type { PackEntry } from "./parcel.ts";
import { describeEntry } from "./pack-bundle.ts";
import { END_BYTES, measureRecord, padBlocks, writeRecord, type TarRecord } from "./tar-record.ts";

/**
 * Renders index files (`<staging>/index/<name>`), hard links within trees and folders with their final modes, as tar.
 * The top folder of each item keeps its owner's write bit: it must be writable to be renamed, and is closed after that.
 */
export function renderClosing(
  closing: readonly PackEntry[],
  indexes: ReadonlyMap<string, string>,
  staging: string,
): Uint8Array {
  const parts = [
    ...[...indexes].map(([name, text]) => describeIndex(`${staging}/index/${name}`, text)),
    ...closing.filter(({ entry }) => entry.kind === "hardlink").map((each) => describe(each, staging)),
    // What a folder holds comes before it: nothing is made in a folder that was closed, and its time stays.
    ...closing
      .filter(({ entry }) => entry.kind === "folder")
      .toReversed()
      .map((each) => describe(openTop(each), staging)),
  ];
  const size = parts.reduce((sum, { record }) => sum + measureRecord(record) + padBlocks(record.sizeBytes), END_BYTES);
  const archive = Buffer.alloc(size);
  let end = 0;
  for (const { record, text } of parts) {
    const start = writeRecord(archive, end, record);
    archive.write(text, start, "latin1");
    end = start + padBlocks(record.sizeBytes);
  }
  return archive;
}

interface Part {
  readonly record: TarRecord;
  /** ASCII. */
  readonly text: string;
}

function describeIndex(name: string, text: string): Part {
  return { record: { type: "file", name, mode: 0o644, sizeBytes: text.length, mtimeSeconds: 0 }, text };
}

function describe(each: PackEntry, staging: string): Part {
  return { record: describeEntry(each, staging), text: "" };
}

function openTop({ item, entry }: PackEntry): PackEntry {
  if (entry.kind !== "folder" || entry.path !== "") return { item, entry };
  return { item, entry: { ...entry, mode: entry.mode | 0o200 } };
}
