// Divides trees into parcels. Pure and deterministic: the same trees to the same places make the same parcels.
import type { BytePath, FileEntry, TreeEntry } from "../tree/tree-entry.ts";
import { nameBundle, namePlan, nameSlice } from "./parcel-id.ts";
import type { Bundle, Encoding, PackEntry, Parcel, Slice } from "./parcel.ts";

/** A tree to be sent. */
export interface PackItem {
  /** From 1. */
  readonly number: number;
  /** Relative to the base path. */
  readonly destination: string;
  readonly entries: readonly TreeEntry[];
  /** Files that become hard links to a file on the target: path here to path there, relative to `<base>/artifacts`. */
  readonly existing: ReadonlyMap<BytePath, BytePath>;
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
export const BUNDLE_BYTES = 12 * MIB;
export const BUNDLE_ENTRIES = 4096;
/** It is streamed, so that no slice is ever whole in memory. */
export const SLICE_BYTES = 64 * MIB;

/** A push is divided at least so often, that its parts can be packed, sent and unpacked side by side... */
const SHARES = 4;
/** ...but not into parts that cost less than the command that takes them. */
const LEAST_BYTES = 4 * MIB;
const LEAST_ENTRIES = 1024;
/** Enough to tell a link's rate by, and soon there. */
const FIRST_BYTES = 6 * MIB;

/** What an entry costs beside its content, in bytes of content that take as long: making a file. */
const ENTRY_COST = 4096;

/** Plans what is sent how; large files by this encoding. */
export function planParcels(items: readonly PackItem[], encoding: Encoding): ParcelPlan {
  const destinations = new Map(items.map(({ number, destination }) => [number, destination]));
  const sorted = sortEntries(items);
  const large = sorted.large.toSorted((left, right) => right.entry.sizeBytes - left.entry.sizeBytes);
  const [first = [], ...others] = [...divide(sorted.small, FIRST_BYTES), ...divide(sorted.linked)];
  const makeBundle = (entries: readonly PackEntry[]): Bundle => ({
    kind: "bundle",
    id: nameBundle(entries, destinations),
    entries,
    sizeBytes: sumSizes(entries),
  });
  const bundles = others.map(makeBundle).toSorted((left, right) => weigh(right) - weigh(left));
  const parcels = [
    ...large.flatMap((file) => sliceFile(file, destinations.get(file.item) ?? "", encoding)),
    // The first one tells how quick the link is; then the heaviest, so that all end at about the same time.
    ...(first.length === 0 ? [] : [makeBundle(first)]),
    ...bundles,
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
}

interface SortedEntries {
  readonly small: PackEntry[];
  readonly linked: PackEntry[];
  readonly large: LargeEntry[];
  readonly closing: PackEntry[];
}

function sortEntries(items: readonly PackItem[]): SortedEntries {
  const sorted: SortedEntries = { small: [], linked: [], large: [], closing: [] };
  for (const { number: item, entries, existing } of items) {
    for (const entry of entries) {
      const link = existing.get(entry.path);
      if (entry.kind === "folder" || entry.kind === "hardlink") sorted.closing.push({ item, entry });
      else if (entry.kind === "symlink") sorted.small.push({ item, entry });
      else if (link !== undefined) sorted.linked.push({ item, entry, existing: link });
      else if (entry.sizeBytes <= BUNDLE_BYTES) sorted.small.push({ item, entry });
      else sorted.large.push({ item, entry });
    }
  }
  return sorted;
}

/** Cuts a row of entries, whose neighbours stay together, into parts within the limits; the first may be a smaller one. */
function divide(row: readonly PackEntry[], firstBytes: number = BUNDLE_BYTES): PackEntry[][] {
  const mostBytes = chooseLimit(sumSizes(row), LEAST_BYTES, BUNDLE_BYTES);
  const mostEntries = chooseLimit(row.length, LEAST_ENTRIES, BUNDLE_ENTRIES);
  const parts: PackEntry[][] = [];
  let part: PackEntry[] = [];
  let bytes = 0;
  for (const each of row) {
    const size = measureContent(each);
    const room = parts.length === 0 ? Math.min(firstBytes, mostBytes) : mostBytes;
    if (part.length > 0 && (part.length === mostEntries || bytes + size > room)) {
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

function sliceFile({ item, entry }: LargeEntry, destination: string, encoding: Encoding): Slice[] {
  return Array.from({ length: Math.ceil(entry.sizeBytes / SLICE_BYTES) }, (_, index): Slice => {
    const offsetBytes = index * SLICE_BYTES;
    const part = { offsetBytes, sizeBytes: Math.min(SLICE_BYTES, entry.sizeBytes - offsetBytes), encoding };
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
