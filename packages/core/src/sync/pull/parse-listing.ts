// Reads what a target says of its jobs' folders. No I/O. Nothing is believed: an id that was not asked for or a path that
// leads out of its job's folder ends the pull with SYNC_UNSAFE_NAME.
import { RepxError } from "../../model/errors.ts";
import type { JobId } from "../../model/ids.ts";
import type { BytePath } from "../tree/tree-entry.ts";
import { showPath } from "./show-path.ts";

/** One thing in a job's folder on the target. */
export interface ListedEntry {
  /** From `outputs`: `<job id>/out/…`. */
  readonly path: BytePath;
  readonly job: JobId;
  readonly kind: "file" | "folder" | "symlink" | "other";
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
}

/** What is in jobs' folders on a target. */
export interface OutputListing {
  /** By path; a folder before what it holds. */
  readonly entries: ReadonlyMap<BytePath, ListedEntry>;
  /** Folders that the target's user may not read. */
  readonly closedFolders: readonly BytePath[];
  readonly unreadyJobs: readonly JobId[];
  readonly isAbsent: boolean;
  readonly tools: { readonly hasZstd: boolean; readonly hasOpenssl: boolean; readonly hasGnuTar: boolean };
}

const KINDS: Readonly<Record<number, ListedEntry["kind"] | undefined>> = {
  0o100000: "file",
  0o040000: "folder",
  0o120000: "symlink",
};

const LETTERS: ReadonlyMap<string, ListedEntry["kind"]> = new Map([
  ["f", "file"],
  ["d", "folder"],
  ["l", "symlink"],
]);

const UNSAFE_PARTS = /\/\.{0,2}(?:\/|$)/;

/** An answer that is read as it comes. */
export interface ListingReader {
  /** Takes a piece of it, bytes as latin1; answers the entries that it completes. */
  add(text: string): ListedEntry[];
  /** Undefined when the answer was not whole. */
  end(): OutputListing | undefined;
}

/** Starts to read what comes after the line with the mark. */
export function startListing(mark: string, jobs: readonly JobId[]): ListingReader {
  const known = new Map<string, JobId>(jobs.map((id) => [id, id]));
  const entries = new Map<BytePath, ListedEntry>();
  const closedFolders: BytePath[] = [];
  const unreadyJobs: JobId[] = [];
  const words = new Map<string, string>();
  const stop = `${mark}\n`;
  let rest = "";
  const take = (record: string): ListedEntry | undefined => {
    const blank = record.indexOf(" ");
    const [word, value] = blank === -1 ? [record, ""] : [record.slice(0, blank), record.slice(blank + 1)];
    if (word === "at" || word === "found") {
      const entry = word === "at" ? parseStat(value, known) : parseFound(value, known);
      entries.set(entry.path, entry);
      return entry;
    }
    if (word === "closed") closedFolders.push(checkPath(value, known).path);
    else if (word === "unready") unreadyJobs.push(known.get(value) ?? refuseName(value));
    else words.set(word, value);
    return undefined;
  };
  return {
    add(text) {
      const records = (rest + text).split(stop);
      rest = records.pop() ?? "";
      return records.map(take).filter((entry) => entry !== undefined);
    },
    end() {
      if (!words.has("end")) return undefined;
      const [zstd, openssl, tar] = (words.get("tools") ?? "").split(",");
      return {
        entries,
        closedFolders,
        unreadyJobs,
        isAbsent: words.has("absent"),
        tools: { hasZstd: zstd === "zstd", hasOpenssl: openssl === "openssl", hasGnuTar: tar === "gnu" },
      };
    },
  };
}

/** What stat says: the mode as a number in base 16, with the kind in it. */
function parseStat(text: string, known: ReadonlyMap<string, JobId>): ListedEntry {
  const [, mode = "", size = "", mtime = "", path = ""] = /^([0-9a-f]+) (\d+) (-?\d+) ([^]*)$/.exec(text) ?? [];
  const bits = Number.parseInt(mode, 16);
  return makeEntry(checkPath(path, known), KINDS[bits & 0o170000], bits, size, mtime);
}

/** What find says: the kind as a letter, and the time with a fraction, which counts from the second below it. */
function parseFound(text: string, known: ReadonlyMap<string, JobId>): ListedEntry {
  const [, kind = "", mode = "", size = "", mtime = "", path = ""] =
    /^(.) ([0-7]+) (\d+) (-?\d+)[.\d]* ([^]*)$/.exec(text) ?? [];
  return makeEntry(checkPath(path, known), LETTERS.get(kind), Number.parseInt(mode, 8), size, mtime);
}

function makeEntry(
  place: Pick<ListedEntry, "path" | "job">,
  kind: ListedEntry["kind"] | undefined,
  mode: number,
  size: string,
  mtime: string,
): ListedEntry {
  return { ...place, kind: kind ?? "other", mode: mode & 0o777, sizeBytes: Number(size), mtimeSeconds: Number(mtime) };
}

/** A path below one of the jobs that were asked for, without `.`, `..` and empty parts. */
function checkPath(text: string, known: ReadonlyMap<string, JobId>): { readonly path: BytePath; readonly job: JobId } {
  const path = text.endsWith("/.") ? text.slice(0, -2) : text;
  const end = path.indexOf("/");
  const job = known.get(path.slice(0, Math.max(end, 0)));
  if (job === undefined || UNSAFE_PARTS.test(path) || path.includes("\0")) refuseName(path);
  return { path, job };
}

/** Throws: the target names something that nobody asked for, or that leads out of the place for it. */
export function refuseName(path: BytePath): never {
  throw new RepxError(
    "SYNC_UNSAFE_NAME",
    `the target sent a name that is not safe: ${JSON.stringify(showPath(path))}`,
    {
      hint: "Nothing of it was written. See who may write to the target's base path, and whether its programs are what they seem.",
      details: { path: showPath(path) },
    },
  );
}
