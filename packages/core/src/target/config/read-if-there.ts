import { constants, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { RepxError } from "../../model/errors.ts";
import { showWord } from "../command/quote.ts";

/**
 * Reads a text file that need not be there: undefined where it is not. CONFIG_INVALID when it is there and cannot be read,
 * for silence would change what counts. `examine` refuses what must not be read.
 */
export async function readIfThere(path: string, examine?: (status: Stats) => void): Promise<string | undefined> {
  try {
    // Opening a FIFO that nobody writes to would wait for ever, and the process with it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (status.isFIFO()) throw new Error("it is a FIFO");
    examine?.(status);
    return await file.readFile("utf8");
  } catch (cause) {
    if (cause instanceof RepxError) throw cause;
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) {
      return undefined;
    }
    throw new RepxError("CONFIG_INVALID", `${path} cannot be read`, {
      hint: `See \`ls -l ${showWord(path)}\`: it must be a file that the user who runs this can read.`,
      cause,
    });
  }
}
