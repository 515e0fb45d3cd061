import type { ListedEntry } from "./parse-listing.ts";

/** How many streams travel side by side. */
export const CHANNELS = 4;
/** What a broken connection costs at most, for each of them; a large file goes on where it was. */
const MOST_BYTES = 64 * 1024 * 1024;
/** A file that may be a stream of its own. */
export const LARGE_BYTES = 4 * 1024 * 1024;
const MOST_FILES = 4096;
/** So many that the arguments of a command would hold them. */
const MOST_NAME_BYTES = 512 * 1024;

/** Parts what is wanted into streams, in order; a large file is a stream of its own, and comes first. */
export function groupStreams(entries: readonly ListedEntry[]): ListedEntry[][] {
  const total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const limit = Math.min(MOST_BYTES, Math.max(LARGE_BYTES, Math.ceil(total / CHANNELS)));
  const large = entries.filter(({ sizeBytes }) => sizeBytes >= limit);
  const streams = large.toSorted((left, right) => right.sizeBytes - left.sizeBytes).map((entry) => [entry]);
  let current: ListedEntry[] = [];
  let [bytes, names] = [0, 0];
  for (const entry of entries.filter(({ sizeBytes }) => sizeBytes < limit)) {
    const isFull =
      current.length === MOST_FILES || bytes + entry.sizeBytes > limit || names + entry.path.length > MOST_NAME_BYTES;
    if (isFull && current.length > 0) {
      streams.push(current);
      [current, bytes, names] = [[], 0, 0];
    }
    current.push(entry);
    bytes += entry.sizeBytes;
    names += entry.path.length;
  }
  return current.length === 0 ? streams : [...streams, current];
}
