import { RepxError } from "../../model/errors.ts";

/** Passes over what a shell's start-up files print before a stream begins. */
export interface StreamHead {
  /** Gives what of a chunk belongs to the stream. */
  strip(chunk: Uint8Array): Uint8Array;
}

const MOST_BYTES = 1024 * 1024;

/** Starts to look for the line that a stream begins after. */
export function startStreamHead(mark: string): StreamHead {
  const line = Buffer.from(`begin ${mark}\n`);
  let before: Buffer | undefined = Buffer.alloc(0);
  return {
    strip(chunk) {
      if (before === undefined) return chunk;
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(line);
      if (at === -1) {
        if (before.length > MOST_BYTES) throw refuseHead();
        return new Uint8Array();
      }
      const rest = before.subarray(at + line.length);
      before = undefined;
      return rest;
    },
  };
}

function refuseHead(): RepxError {
  return new RepxError("SSH_COMMAND_FAILED", "the target prints without end before it runs a command", {
    hint: "See what the user's shell start-up files do when no terminal is there.",
  });
}
