// Where a Lab's files are: a folder or a tar archive. Paths are relative to the Lab, as in its manifest. Nothing outside
// of the Lab is ever read: a path or a link that leads out ends in LAB_INVALID.
import { RepxError } from "../model/errors.ts";

/** What a name in a folder stands for; links are not followed. */
export type EntryKind = "file" | "folder" | "link" | "other";

/** The files of a Lab. Every failure is LAB_INVALID. */
export interface LabSource {
  /** As it was named; every message begins with it. */
  readonly path: string;
  readonly kind: "folder" | "tar";
  /** Lists a folder; nothing where there is no such folder. */
  list(folder: string): Promise<ReadonlyMap<string, EntryKind>>;
  /** Tells whether a file or folder is there, links followed; refuses one that leads out of the Lab. */
  has(path: string): Promise<boolean>;
  /** Reads a file of at most so many bytes. */
  readFile(path: string, maxBytes: number): Promise<Buffer>;
  /** Computes SHA-256, in hexadecimal, of files of any size; an archive is read once for all of them. */
  hashFiles(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** A text that changes when one of the files may have changed. */
  stamp(paths: readonly string[]): Promise<string>;
}

const HINT = "Build the Lab again with `nix build`; if it was copied, copy it again whole.";

/** The error for a Lab that is not one: which file, and what was wrong with it. */
export function refuseLab(path: string, message: string, details?: unknown, cause?: unknown): RepxError {
  return new RepxError("LAB_INVALID", `${path}: ${message}`, { hint: HINT, details, cause });
}

/** The error for a file of a Lab that does not exist. */
export function refuseMissing(lab: string, file: string, cause?: unknown): RepxError {
  return refuseLab(lab, `${file} is missing`, { file }, cause);
}

/** The error for a path that a link leads out of the Lab. */
export function refuseEscape(lab: string, file: string): RepxError {
  return refuseLab(lab, `${file} leads out of the Lab`, { file });
}

/** The error for links that lead to each other. */
export function refuseLinks(lab: string, file: string, cause?: unknown): RepxError {
  return refuseLab(lab, `${file} leads through too many links, or in a circle`, { file }, cause);
}

/** The error for a path that is there and is no file. */
export function refuseKind(lab: string, file: string): RepxError {
  return refuseLab(lab, `${file} is not a file`, { file });
}

/** The error for a file that is larger than one of its kind may be. */
export function refuseSize(lab: string, file: string, bytes: number, maxBytes: number): RepxError {
  const message = `${file} has ${bytes} bytes; at most ${maxBytes} are read`;
  return refuseLab(lab, message, { file, bytes, maxBytes });
}
