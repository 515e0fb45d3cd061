import { RepxError } from "../../model/errors.ts";
import type { Output } from "../../target/transport/transport.ts";
import type { Persistence } from "../push/persist.ts";
import type { OutputListing } from "./parse-listing.ts";
import type { LeftOut } from "./pull-request.ts";
import type { Unpacked, UnpackOrder } from "./unpack-stream.ts";

/** A stream to fetch. */
export interface StreamOrder extends UnpackOrder, Pick<Persistence, "limit" | "isStopped"> {
  readonly basePath: string;
  readonly tools: OutputListing["tools"];
}

/** What a whole stream brought. */
export interface FetchedStream extends Unpacked {
  /** What was wanted and is not among what arrived. */
  readonly leftOut: readonly LeftOut[];
  readonly sentBytes: number;
}

/** The error for a stream whose end did not come, or whose hash is another. */
export function refuseEnd(where: string, output: Output): RepxError {
  const reason = `${where} did not send the whole of it`;
  const { stderr, exitCode } = output;
  return new RepxError("SYNC_FAILED", `a stream of files is damaged or was cut: ${reason}`, {
    hint: "Nothing of it was put into place. Try again: what came before stays, and is not fetched again.",
    details: { exitCode, stderr: stderr.slice(-2000) },
  });
}

/** Reads the last thing that a script said under its mark. */
export function readWord(stderr: string, mark: string, word: string): string | undefined {
  const line = stderr.split("\n").findLast((text) => text.startsWith(`${mark} ${word} `));
  return line?.slice(`${mark} ${word} `.length);
}
