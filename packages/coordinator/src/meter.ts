// How many requests a sender may make. Pure: the clock comes in.

/** Requests since a time, in milliseconds. */
export interface Meter {
  readonly startedAt: number;
  readonly requests: number;
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

/** Counts a request; `waitSeconds` is 0 when it may be served, else when to come back. Refused ones do not count. */
export function countRequest(
  meter: Meter | undefined,
  most: number,
  now: number,
): { readonly meter: Meter; readonly waitSeconds: number } {
  if (meter === undefined || now < meter.startedAt || now >= meter.startedAt + WINDOW_MS) {
    return { meter: { startedAt: now, requests: 1 }, waitSeconds: 0 };
  }
  if (meter.requests < most) return { meter: { ...meter, requests: meter.requests + 1 }, waitSeconds: 0 };
  return { meter, waitSeconds: Math.max(1, Math.ceil((meter.startedAt + WINDOW_MS - now) / 1000)) };
}
