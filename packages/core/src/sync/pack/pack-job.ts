// What the packer asks of its threads and what they answer. Both sides check what they get: a thread of another version
// of the program, as after an update under a running one, must not send wrong bytes.
import { RepxError, isCode } from "../../model/errors.ts";
import { parseLine, renderLine } from "../tree/tree-index.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import type { Encoding, PackEntry, PackedParcel } from "./parcel.ts";

/** One piece of work. */
export type PackJob = ScanJob | HashJob | BundleJob | PartJob;

/** Answers the index of a tree. */
export interface ScanJob {
  readonly kind: "scan";
  readonly source: string;
  readonly only?: readonly string[] | undefined;
  readonly isStore: boolean;
}

/** Answers the SHA-256 of each file. */
export interface HashJob {
  readonly kind: "hash";
  /** Without a size it may be any. */
  readonly files: readonly (readonly [path: BytePath, sizeBytes?: number])[];
}

/** Answers a packed bundle. */
export interface BundleJob {
  readonly kind: "bundle";
  /** As `renderPackEntry` gives them. */
  readonly entries: readonly string[];
  readonly sources: ReadonlyMap<number, string>;
  readonly staging: string;
  readonly encoding: Encoding;
  readonly bytesPerSecond: number | undefined;
  readonly room: SharedArrayBuffer;
}

/** Answers a packed part of a slice. */
export interface PartJob {
  readonly kind: "part";
  readonly path: BytePath;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly encoding: Encoding;
  readonly bytesPerSecond: number | undefined;
  readonly room: SharedArrayBuffer;
}

/** A packed parcel, in the job's room where that sufficed, and what was in it. */
export interface PackedResult extends PackedParcel {
  /** SHA-256 of each file whose content is in a bundle, by `<item>/<path>`. */
  readonly fileHashes: ReadonlyMap<BytePath, string>;
}

/** What a thread answers to a job. */
export type PackAnswer =
  | { readonly result: unknown }
  | { readonly failure: { readonly code: string; readonly message: string; readonly hint: string } }
  | { readonly bug: string };

/** Renders an entry of a bundle for the way between threads, where text costs least. */
export function renderPackEntry({ item, entry, existing }: PackEntry): string {
  return `${item} ${existing ?? ""}\0${renderLine(entry).trimEnd()}`;
}

/** Reads what `renderPackEntry` wrote. */
export function parsePackEntry(text: string): PackEntry {
  const [, item = "", existing = "", line = ""] = /^(\d+) ([^\0]*)\0(.*)$/s.exec(text) ?? [];
  const entry = parseLine(line);
  return existing === "" ? { item: Number(item), entry } : { item: Number(item), entry, existing };
}

/** Tells whether a message is a job; its parts were made by `PackJob`'s types. */
export function isPackJob(message: unknown): message is PackJob {
  const kinds = new Set<unknown>(["scan", "hash", "bundle", "part"] satisfies PackJob["kind"][]);
  return hasField(message, "kind") && kinds.has(message.kind);
}

/** Makes the answer for what was thrown; an error of a person stays one. */
export function renderFailure(error: unknown): PackAnswer {
  if (error instanceof RepxError) {
    const { code, message, hint } = error;
    return { failure: { code, message, hint } };
  }
  return { bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** Gives the result in an answer, or throws what the thread threw. */
export function readResult(answer: unknown): unknown {
  if (hasField(answer, "result")) return answer.result;
  const failure = hasField(answer, "failure") ? answer.failure : undefined;
  if (hasField(failure, "code") && hasField(failure, "message") && hasField(failure, "hint")) {
    const { code, message, hint } = failure;
    if (typeof code === "string" && isCode(code)) throw new RepxError(code, String(message), { hint: String(hint) });
  }
  throw new TypeError(`a packing thread failed: ${hasField(answer, "bug") ? String(answer.bug) : "no answer"}`);
}

/** Checks that a result is a text. */
export function readText(result: unknown): string {
  if (typeof result !== "string") throw new TypeError("a packing thread answered no text");
  return result;
}

/** Checks that a result is a list of texts. */
export function readTexts(result: unknown): string[] {
  if (!Array.isArray(result)) throw new TypeError("a packing thread answered no list");
  return result.map(readText);
}

/** Checks that a result is a packed parcel. */
export function readPacked(result: unknown): PackedResult {
  if (
    !hasField(result, "bytes") ||
    !(result.bytes instanceof Uint8Array) ||
    !hasField(result, "encoding") ||
    !isEncoding(result.encoding) ||
    !hasField(result, "sha256") ||
    !hasField(result, "fileHashes") ||
    !(result.fileHashes instanceof Map)
  ) {
    throw new TypeError("a packing thread answered no parcel");
  }
  const { bytes, encoding, sha256 } = result;
  const fileHashes = new Map([...result.fileHashes].map(([path, digest]) => [readText(path), readText(digest)]));
  return { bytes, encoding, sha256: readText(sha256), fileHashes };
}

function isEncoding(value: unknown): value is Encoding {
  return value === "zstd" || value === "gzip" || value === "none";
}

function hasField<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === "object" && value !== null && name in value;
}
