import { StringDecoder } from "node:string_decoder";

/** Most of a command's stdout that is held in memory; a command that writes more is ended. */
export const STDOUT_LIMIT_BYTES = 256 * 1024 * 1024;
/** How much of the end of a command's stderr is kept. */
export const STDERR_KEPT_BYTES = 256 * 1024;

/** A sink for a stream of bytes that is read as text in the end, bounded in one of two ways. */
export interface OutputBuffer {
  /** Takes bytes; false when there were more than may be held. */
  add(chunk: Buffer): boolean;
  text(): string;
}

/** Collects up to a limit and then refuses: a truncated answer must not pass for a whole one. */
export function collectAll(limitBytes: number): OutputBuffer {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      size += chunk.length;
      if (size > limitBytes) return false;
      chunks.push(chunk);
      return true;
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
  };
}

/** Keeps the last bytes only: what a program said before it ended matters most. */
export function collectTail(keptBytes: number): OutputBuffer {
  let chunks: Buffer[] = [];
  let size = 0;
  const cut = (): Buffer => {
    const all = Buffer.concat(chunks);
    return all.length > keptBytes ? all.subarray(all.length - keptBytes) : all;
  };
  return {
    add(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > 2 * keptBytes) {
        chunks = [Buffer.from(cut())];
        size = keptBytes;
      }
      return true;
    },
    text: () => cut().toString("utf8"),
  };
}

/** Cuts a stream of bytes into lines; `end` hands over a last line without a line feed. */
export function splitLines(onLine: (line: string) => void): { add(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    add(chunk) {
      const lines = (rest + decoder.write(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    },
    end() {
      rest += decoder.end();
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}
