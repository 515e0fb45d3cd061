/**
 * A path or a name as its bytes: each character stands for one byte (Node's `latin1`), as names on Linux need not be
 * UTF-8. `Buffer.from(path, "latin1")` is what the file system takes.
 */
export type BytePath = string;

interface Place {
  /** Relative to the tree's top, without `.` and `..`; empty for the top itself. */
  readonly path: BytePath;
}

/** A folder; `mode` is its permission bits. */
export interface FolderEntry extends Place {
  readonly kind: "folder";
  readonly mode: number;
  readonly mtimeSeconds: number;
}

/** A regular file. */
export interface FileEntry extends Place {
  readonly kind: "file";
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  /** Of its content, in lower-case hex, once it was read; what comes from an index has the first 48 characters alone. */
  readonly sha256?: string;
}

/** A symbolic link; `target` as it is written in it. */
export interface SymlinkEntry extends Place {
  readonly kind: "symlink";
  readonly target: BytePath;
  readonly mtimeSeconds: number;
}

/** Another name of a file of the same tree, whose entry comes before. */
export interface HardlinkEntry extends Place {
  readonly kind: "hardlink";
  /** The path of that file's entry. */
  readonly target: BytePath;
}

/** One thing in a tree; a tree is listed with every folder before what it holds, siblings in byte order of their names. */
export type TreeEntry = FolderEntry | FileEntry | SymlinkEntry | HardlinkEntry;
