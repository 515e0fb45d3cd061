import { setTimeout as sleep } from "node:timers/promises";
import { CODES, RepxError } from "../../model/errors.ts";

const PAUSE_MS = 2000;
/** A login node that is gone for longer is gone for good, or somebody should know. */
const PATIENCE_MS = 3600 * 1000;
/** How long, and who hears of it. */
export interface TryOptions {
  readonly onFailure?: (error: RepxError) => void;
  readonly endMs?: number;
}

/**
 * Runs something that only reads, again and again while what stops it may pass (a connection that was lost), for at most an
 * hour in which it makes no progress, and not beyond `endMs` (of `performance.now`). `onFailure` hears of the first failure in a row.
 */
export async function keepTrying<T>(
  run: (noteProgress: () => void) => Promise<T>,
  { onFailure = () => {}, endMs = Number.POSITIVE_INFINITY }: TryOptions = {},
): Promise<T> {
  let troubledSince: number | undefined;
  const noteProgress = (): void => {
    troubledSince = undefined;
  };
  for (;;) {
    try {
      return await run(noteProgress);
    } catch (error) {
      if (!(error instanceof RepxError) || !CODES[error.code].retry) throw error;
      const nowMs = performance.now();
      if (troubledSince === undefined) onFailure(error);
      troubledSince ??= nowMs;
      if (nowMs - troubledSince > PATIENCE_MS || nowMs >= endMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
