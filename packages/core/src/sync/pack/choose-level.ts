// Whether compressing pays: on a quick link the processors are what is short, on a slow one the link. Pure.

/** How hard to compress: not at all, quickly, or to something smaller. */
export type Level = "store" | "quick" | "small";

/** What compressing samples quickly came to. */
export interface Trial {
  readonly sizeBytes: number;
  readonly shrunkBytes: number;
  readonly seconds: number;
}

/** What does not shrink below this is stored. */
const WORTHWHILE = 0.9;
/** Below this, a link is the narrowest place whatever is done. */
export const SLOW_BYTES_PER_SECOND = 20e6;

/**
 * Chooses by what a trial came to and the rate of the link so far. Compressing is chosen where it takes less time than
 * the link then saves, and where nothing is known of the link.
 */
export function chooseLevel({ sizeBytes, shrunkBytes, seconds }: Trial, bytesPerSecond: number | undefined): Level {
  if (shrunkBytes >= sizeBytes * WORTHWHILE) return "store";
  if (bytesPerSecond === undefined) return "quick";
  if (bytesPerSecond < SLOW_BYTES_PER_SECOND) return "small";
  return bytesPerSecond * seconds < sizeBytes - shrunkBytes ? "quick" : "store";
}
