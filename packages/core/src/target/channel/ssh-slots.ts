/** A number of holders at once; the others wait in line. */
export interface Slots {
  /** Waits for a slot; who is aborted while waiting leaves the line, and the promise stays open. */
  take(signal: AbortSignal): Promise<void>;
  readonly release: () => void;
}

/** Starts with all slots free. */
export function startSlots(count: number): Slots {
  let free = count;
  const waiting = new Set<() => void>();
  return {
    async take(signal) {
      if (free > 0) {
        free--;
        return;
      }
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        signal.addEventListener("abort", () => waiting.delete(resolve), { once: true });
      });
    },
    release: () => {
      const [next] = waiting;
      if (next === undefined) free++;
      else {
        waiting.delete(next);
        next();
      }
    },
  };
}
