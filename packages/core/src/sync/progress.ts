/** How far a transfer is. Bytes are those of the files, before compression. */
export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneFiles: number;
  readonly totalFiles: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  /** Not known before something moved. */
  readonly secondsLeft?: number;
}

/** Counts what is done, and tells how fast it goes. */
export interface Meter {
  /** Adds to what is done; negative when a part has to be done again. */
  add(bytes: number, files: number): void;
  read(): TransferProgress;
}

const WINDOW_SECONDS = 10;
/** Moments that are kept: one for each part of the window. */
const MOMENTS = 50;

/** Starts at nothing done; `now` gives milliseconds that only grow. */
export function startMeter(total: { bytes: number; files: number }, now: () => number): Meter {
  const moments = [{ atMs: now(), bytes: 0 }];
  const done = { bytes: 0, files: 0 };
  return {
    add(bytes, files) {
      done.bytes += bytes;
      done.files += files;
      const atMs = now();
      const last = moments.at(-1);
      // The very first one stays until the window has passed it by.
      const isClose = moments.length > 1 && last !== undefined && atMs - last.atMs < (WINDOW_SECONDS * 1000) / MOMENTS;
      if (last !== undefined && isClose) last.bytes = done.bytes;
      else moments.push({ atMs, bytes: done.bytes });
      while (moments.length > 2 && atMs - (moments[1]?.atMs ?? atMs) >= WINDOW_SECONDS * 1000) moments.shift();
    },
    read() {
      const [first] = moments;
      const seconds = (now() - (first?.atMs ?? 0)) / 1000;
      const bytesPerSecond = seconds <= 0 ? 0 : Math.max(0, (done.bytes - (first?.bytes ?? 0)) / seconds);
      // Shares of a parcel are no whole numbers.
      const left = Math.max(0, total.bytes - Math.round(done.bytes));
      const progress = {
        doneBytes: Math.min(Math.max(0, Math.round(done.bytes)), total.bytes),
        totalBytes: total.bytes,
        doneFiles: Math.min(Math.max(0, done.files), total.files),
        totalFiles: total.files,
        bytesPerSecond,
      };
      if (left === 0) return { ...progress, secondsLeft: 0 };
      return bytesPerSecond === 0 ? progress : { ...progress, secondsLeft: left / bytesPerSecond };
    },
  };
}

const EMIT_MS = 100;

/** A meter that tells a listener, at most ten times a second; `end` tells the last. */
export function startReporting(
  meter: Meter,
  onProgress: ((progress: TransferProgress) => void) | undefined,
  now: () => number,
): { add: Meter["add"]; end: () => void } {
  let lastMs = -Infinity;
  return {
    add(bytes, files) {
      meter.add(bytes, files);
      const atMs = now();
      if (onProgress === undefined || atMs - lastMs < EMIT_MS) return;
      lastMs = atMs;
      onProgress(meter.read());
    },
    end: () => onProgress?.(meter.read()),
  };
}
