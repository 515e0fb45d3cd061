import { setTimeout as sleep } from "node:timers/promises";
import { CODES, RepxError } from "../../model/errors.ts";

const PAUSE_MS = 2000;
/** A login node that is gone for longer is gone for good, or somebody should know. */
const PATIENCE_MS = 3600 * 1000;
/** What went well for so long and broke then is a new trouble. */
const FRESH_MS = 60_000;

/**
 * Runs something that only reads, again and again while what stops it may pass (a connection that was lost), for at most an
 * hour in a row. `onFailure` hears of the first failure in a row.
 */
export async function keepTrying<T>(
  run: () => Promise<T>,
  onFailure: (error: RepxError) => void = () => {},
): Promise<T> {
  let troubledSince: number | undefined;
  for (;;) {
    const begunMs = performance.now();
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof RepxError) || !CODES[error.code].retry) throw error;
      const nowMs = performance.now();
      if (nowMs - begunMs > FRESH_MS) troubledSince = undefined;
      if (troubledSince === undefined) onFailure(error);
      troubledSince ??= nowMs;
      if (nowMs - troubledSince > PATIENCE_MS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
