// How many requests a sender may make. The clock comes in.

/** Counts the requests of one sender. */
export interface Meter {
  /** Counts a request; 0 when it may be served, else how many seconds to wait. Refused ones do not count. */
  count(now: number): number;
}

/** Whether a sender is known, and how long it is to wait: more than 0 seconds when it sends too much. */
export interface Admission {
  readonly isAuthorized: boolean;
  readonly waitSeconds: number;
}

/** Tells whether what a sender brings is taken. */
export function isAdmitted({ isAuthorized, waitSeconds }: Admission): boolean {
  return isAuthorized && waitSeconds === 0;
}

const WINDOW_MS = 60_000;

/** Opens a meter that lets so many requests through in a minute; `readMost` is asked once, at the first request. */
export function openMeter(readMost: () => number): Meter {
  let most: number | undefined;
  let [startedAt, requests] = [-Infinity, 0];
  return {
    count: (now) => {
      most ??= readMost();
      if (now < startedAt || now >= startedAt + WINDOW_MS) [startedAt, requests] = [now, 0];
      if (requests >= most) return Math.max(1, Math.ceil((startedAt + WINDOW_MS - now) / 1000));
      requests += 1;
      return 0;
    },
  };
}
