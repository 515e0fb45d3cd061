// Reads files to be sent, and says in one way what stands against it. Everything waits: it runs in threads of its own.
import { createHash, hash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { RepxError } from "../../model/errors.ts";
import { renderPath, toDiskPath } from "./byte-path.ts";
import type { BytePath } from "./tree-entry.ts";

// What was a file when it was listed may be a FIFO now, which must not stop the thread, or a symbolic link.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CHUNK_BYTES = 1 << 20;

/** Reads a file whose size is known into a buffer, which needs room for one byte more. */
export function readInto(path: BytePath, sizeBytes: number, buffer: Buffer, offset: number): void {
  withSource(path, (file) => {
    // One read finds both ends: a shorter file and, by the one byte more, a longer one.
    const read = readUpTo(file, buffer, { offset, length: sizeBytes + 1 });
    if (read !== sizeBytes) throw reportChange(path);
  });
}

/** Reads a part of a file into a buffer. */
export function readPart(path: BytePath, part: { start: number; length: number }, buffer: Buffer): void {
  withSource(path, (file) => {
    const read = readUpTo(file, buffer, { offset: 0, length: part.length, position: part.start });
    if (read !== part.length) throw reportChange(path);
  });
}

/** Gives the SHA-256 of a whole file, in lower-case hex; its size must be this one, where it is given. */
export function hashSource(path: BytePath, sizeBytes?: number): string {
  scratch ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const buffer = scratch;
  return withSource(path, (file) => {
    const first = readUpTo(file, buffer, { offset: 0, length: buffer.length });
    let total = first;
    let digest: string;
    if (first < buffer.length) {
      digest = hash("sha256", buffer.subarray(0, first));
    } else {
      const whole = createHash("sha256").update(buffer);
      for (let read = first; read > 0; total += read) {
        read = readUpTo(file, buffer, { offset: 0, length: buffer.length });
        whole.update(buffer.subarray(0, read));
      }
      digest = whole.digest("hex");
    }
    if (sizeBytes !== undefined && total !== sizeBytes) throw reportChange(path);
    return digest;
  });
}

/** Turns what a function of node:fs threw about something that was listed into the error of a person. */
export function explainSource(path: BytePath, error: unknown): unknown {
  const gone = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EISDIR"]);
  return isSystemError(error) && gone.has(error.code) ? reportChange(path, error) : explainNamed(path, error);
}

/** The same for a path that was named, not listed: when it is not there, it did not just vanish. */
export function explainNamed(path: BytePath, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  // Node's own message ends with the path as it could decode it.
  const reason = error.message.replace(/,.*/s, "");
  return new RepxError("SYNC_SOURCE_UNREADABLE", `cannot read ${renderPath(path)}: ${reason}`, {
    hint: `Look at its permissions (\`ls -ld\`), or build the Lab again; ${UNCHANGED}`,
    cause: error,
  });
}

/** Makes the error for what is no longer as it was listed. */
export function reportChange(path: BytePath, cause?: Error): RepxError {
  return new RepxError("SYNC_SOURCE_CHANGED", `${renderPath(path)} changed while it was being sent`, {
    hint: `See that nothing writes to it, then try again; ${UNCHANGED}`,
    cause,
  });
}

const UNCHANGED = "the target is as it was.";
let scratch: Buffer | undefined;

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}

function withSource<T>(path: BytePath, use: (file: number) => T): T {
  let file: number | undefined;
  try {
    file = openSync(toDiskPath(path), FLAGS);
    return use(file);
  } catch (error) {
    throw explainSource(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Reads until the length is there or the file ends; from its present place where no position is given. */
function readUpTo(
  file: number,
  buffer: Buffer,
  { offset, length, position }: { offset: number; length: number; position?: number },
): number {
  let read = 0;
  while (read < length) {
    const place = position === undefined ? null : position + read;
    const now = readSync(file, buffer, offset + read, length - read, place);
    if (now === 0) break;
    read += now;
  }
  return read;
}
