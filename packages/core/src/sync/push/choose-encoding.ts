// Whether compressing pays: on a quick link the processors are what is short, on a slow one the link. Pure.
import type { Encoding, Slice } from "../pack/parcel.ts";
import type { LinkRate } from "./link-rate.ts";

/** Below this, a link is the narrowest place: one core's gzip, or zstd at level 3, is quicker. */
const SLOW_BYTES_PER_SECOND = 20e6;

/** Chooses how a parcel is encoded; the rate is that of the link so far, undefined before anything can be said. */
export function chooseEncoding(
  decoders: readonly ("zstd" | "gzip")[],
  bytesPerSecond: number | undefined,
): { encoding: Encoding; level: number } {
  const isSlow = bytesPerSecond !== undefined && bytesPerSecond < SLOW_BYTES_PER_SECOND;
  if (decoders.includes("zstd")) return { encoding: "zstd", level: isSlow ? 3 : 1 };
  if (decoders.includes("gzip") && isSlow) return { encoding: "gzip", level: 1 };
  return { encoding: "none", level: 1 };
}

/** More than 1 Gbit/s can carry. Above it, processors that share their time with SSH are slower with zstd than without it. */
const QUICK_BYTES_PER_SECOND = 125e6;

/**
 * Decides, slice by slice, whether a part of a large file travels as it is: one that does not compress always, others on
 * a quick link. The first one does, and nothing is compressed meanwhile, so that the link can be measured: beside
 * compressing, every link looks slow.
 */
export function startRawChoice(rate: Pick<LinkRate, "read" | "first">): (slice: Slice) => Promise<boolean> {
  let isMeasuring = false;
  return async ({ isRaw }) => {
    if (isRaw) return true;
    if (!isMeasuring && rate.read() === undefined) {
      isMeasuring = true;
      return true;
    }
    if (rate.read() === undefined) await rate.first;
    return (rate.read() ?? 0) > QUICK_BYTES_PER_SECOND;
  };
}
