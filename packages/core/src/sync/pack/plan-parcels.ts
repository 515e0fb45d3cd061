// Divides trees into parcels. Pure and deterministic: the same trees to the same places make the same parcels.
import type { BytePath, FileEntry, TreeEntry } from "../tree/tree-entry.ts";
import { nameBundle, namePlan, nameSlice } from "./parcel-id.ts";
import type { Bundle, PackEntry, Parcel, Slice } from "./parcel.ts";

/** A tree to be sent. */
export interface PackItem {
  /** From 1. */
  readonly number: number;
  /** Relative to the base path. */
  readonly destination: string;
  readonly entries: readonly TreeEntry[];
  /** Files that become hard links to a file on the target: path here to path there, relative to `<base>/artifacts`. */
  readonly existing: ReadonlyMap<BytePath, BytePath>;
  /** Large files that do not compress. */
  readonly isRaw: ReadonlySet<BytePath>;
}

/** A file that travels in slices: made by them without mode and time, which publishing sets. */
export interface LargeFile {
  readonly item: number;
  readonly path: BytePath;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly mtimeSeconds: number;
}

/** What a push sends, in the order in which it is sent. */
export interface ParcelPlan {
  readonly parcels: Parcel[];
  /** All folders, and hard links within the trees: made at the end. */
  readonly closing: PackEntry[];
  readonly largeFiles: LargeFile[];
  /** Of all files' contents that are sent, before compression. */
  readonly sizeBytes: number;
  /** Files and links that are sent, of whatever kind. */
  readonly files: number;
  /** 16 characters of lower-case hex. */
  readonly planId: string;
}

const MIB = 1 << 20;
/** A larger file travels in slices. */
export const BUNDLE_BYTES = 16 * MIB;
export const BUNDLE_ENTRIES = 4096;
/** Of a file that does not compress: it is streamed, so that no slice of it is ever whole in memory. */
export const RAW_SLICE_BYTES = 64 * MIB;
/** A push is divided at least so often, that its parts can be packed, sent and unpacked side by side... */
const SHARES = 4;
/** ...but not into parts that cost less than the command that takes them. */
const LEAST_BYTES = 4 * MIB;
const LEAST_ENTRIES = 1024;

/** What an entry costs beside its content, in bytes of content that take as long: making a file. */
const ENTRY_COST = 4096;

/** Plans what is sent how. */
export function planParcels(items: readonly PackItem[]): ParcelPlan {
  const destinations = new Map(items.map(({ number, destination }) => [number, destination]));
  const sorted = sortEntries(items);
  const large = sorted.large.toSorted((left, right) => right.entry.sizeBytes - left.entry.sizeBytes);
  const bundles = [...divide(sorted.small), ...divide(sorted.linked)].map((entries): Bundle => ({
    kind: "bundle",
    id: nameBundle(entries, destinations),
    entries,
    sizeBytes: sumSizes(entries),
  }));
  const parcels = [
    ...large.flatMap((file) => sliceFile(file, destinations.get(file.item) ?? "")),
    ...bundles.toSorted((left, right) => weigh(right) - weigh(left)),
  ];
  const links = sorted.closing.filter(({ entry }) => entry.kind === "hardlink").length;
  return {
    parcels,
    closing: sorted.closing,
    largeFiles: large.map(({ item, entry: { path, sizeBytes, mode, mtimeSeconds } }) => ({
      item,
      path,
      sizeBytes,
      mode,
      mtimeSeconds,
    })),
    sizeBytes: parcels.reduce((total, { sizeBytes }) => total + sizeBytes, 0),
    files: sorted.small.length + sorted.linked.length + large.length + links,
    planId: namePlan(parcels, destinations),
  };
}

interface LargeEntry {
  readonly item: number;
  readonly entry: FileEntry;
  readonly isRaw: boolean;
}

interface SortedEntries {
  readonly small: PackEntry[];
  readonly linked: PackEntry[];
  readonly large: LargeEntry[];
  readonly closing: PackEntry[];
}

function sortEntries(items: readonly PackItem[]): SortedEntries {
  const sorted: SortedEntries = { small: [], linked: [], large: [], closing: [] };
  for (const { number: item, entries, existing, isRaw } of items) {
    for (const entry of entries) {
      const link = existing.get(entry.path);
      if (entry.kind === "folder" || entry.kind === "hardlink") sorted.closing.push({ item, entry });
      else if (entry.kind === "symlink") sorted.small.push({ item, entry });
      else if (link !== undefined) sorted.linked.push({ item, entry, existing: link });
      else if (entry.sizeBytes <= BUNDLE_BYTES) sorted.small.push({ item, entry });
      else sorted.large.push({ item, entry, isRaw: isRaw.has(entry.path) });
    }
  }
  return sorted;
}

/** Cuts a row of entries, whose neighbours stay together, into parts within the limits. */
function divide(row: readonly PackEntry[]): PackEntry[][] {
  const mostBytes = chooseLimit(sumSizes(row), LEAST_BYTES, BUNDLE_BYTES);
  const mostEntries = chooseLimit(row.length, LEAST_ENTRIES, BUNDLE_ENTRIES);
  const parts: PackEntry[][] = [];
  let part: PackEntry[] = [];
  let bytes = 0;
  for (const each of row) {
    const size = measureContent(each);
    if (part.length > 0 && (part.length === mostEntries || bytes + size > mostBytes)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(each);
    bytes += size;
  }
  return part.length === 0 ? parts : [...parts, part];
}

/** The share of one part when all are as large as each other and their number divides by SHARES. */
function chooseLimit(total: number, least: number, most: number): number {
  const parts = Math.ceil(total / (most * SHARES)) * SHARES;
  return Math.min(Math.max(Math.ceil(total / Math.max(parts, 1)), least), most);
}

function sliceFile({ item, entry, isRaw }: LargeEntry, destination: string): Slice[] {
  const most = isRaw ? RAW_SLICE_BYTES : BUNDLE_BYTES;
  return Array.from({ length: Math.ceil(entry.sizeBytes / most) }, (_, index): Slice => {
    const offsetBytes = index * most;
    const part = { offsetBytes, sizeBytes: Math.min(most, entry.sizeBytes - offsetBytes), isRaw };
    return { kind: "slice", id: nameSlice(entry, destination, part), item, path: entry.path, ...part };
  });
}

function weigh({ sizeBytes, entries }: Bundle): number {
  return sizeBytes + entries.length * ENTRY_COST;
}

function sumSizes(entries: readonly PackEntry[]): number {
  return entries.reduce((total, each) => total + measureContent(each), 0);
}

function measureContent({ entry, existing }: PackEntry): number {
  return entry.kind === "file" && existing === undefined ? entry.sizeBytes : 0;
}
