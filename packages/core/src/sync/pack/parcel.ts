// What travels to a target in one command. A parcel's id follows from what is in it and where it goes, so that the same
// push, begun again, has the same parcels and sends only those that did not arrive.
import type { BytePath, TreeEntry } from "../tree/tree-entry.ts";

/** An entry of a tree that is being sent. */
export interface PackEntry {
  /** Number of the item that it belongs to, from 1. */
  readonly item: number;
  readonly entry: TreeEntry;
  /** A file on the target with the same content and mode, relative to `<base>/artifacts`, which it becomes a hard link to. */
  readonly existing?: BytePath;
}

/** Many entries in one tar stream. */
export interface Bundle {
  readonly kind: "bundle";
  /** 32 characters of lower-case hex. */
  readonly id: string;
  readonly entries: readonly PackEntry[];
  /** Of the files in it that are sent, uncompressed. */
  readonly sizeBytes: number;
}

/** A part of a file that is too large for a bundle. */
export interface Slice {
  readonly kind: "slice";
  readonly id: string;
  readonly item: number;
  readonly path: BytePath;
  /** A multiple of 1 MiB. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Unlike a bundle's part of what it is: of what arrived without a checksum the whole file is hashed. */
  readonly encoding: Encoding;
}

export type Parcel = Bundle | Slice;

/** How a parcel's bytes are encoded on their way; all but `none` carry a checksum that their decoder compares. */
export type Encoding = "zstd" | "gzip" | "none";

/** A parcel, or a part of a slice, as it is sent. */
export interface PackedParcel {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
  /** Of `bytes`, in lower-case hex; `-` where the encoding carries a checksum. */
  readonly sha256: string;
}
