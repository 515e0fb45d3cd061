// Where a Lab's files are: a folder or a tar archive. Paths are relative to the Lab, as in its manifest. Nothing outside
// of the Lab is ever read: a path or a link that leads out ends in LAB_INVALID.

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
