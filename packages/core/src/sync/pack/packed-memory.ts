/** Memory that threads pack into, and that is taken again once it was sent. */
export interface PackedMemory {
  take(): SharedArrayBuffer;
  readonly give: (memory: SharedArrayBuffer) => void;
}

/** Room for the largest bundle, encoded or not: 12 MiB of content, 4,096 headers and their folders'. Untouched, it costs nothing. */
const ROOM_BYTES = 32 << 20;

/**
 * Starts with none. Memory that wanders from thread to thread is never given back whole by malloc, and makes the
 * collector look through everything after each 64 MB; of what is shared it takes no notice.
 */
export function startPackedMemory(): PackedMemory {
  const free: SharedArrayBuffer[] = [];
  return {
    // The one that was used last: its pages are there.
    take: () => free.pop() ?? new SharedArrayBuffer(ROOM_BYTES),
    give: (memory) => void free.push(memory),
  };
}
