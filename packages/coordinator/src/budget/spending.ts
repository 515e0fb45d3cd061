// How much an installation may ask of GitHub, and when. Pure: what was spent comes in, decisions go out. No clock.

/** What one call costs: content that it creates, and points (a read 1, a write 5). */
export interface Cost {
  readonly creates: number;
  readonly points: number;
}

/** What was spent at a time, in milliseconds since 1970. */
export interface Spent extends Cost {
  readonly at: number;
}

/** What a call is for: a conclusion goes before a creation, and that before progress. */
export type Urgency = "concluded" | "created" | "progress";

export const READ: Cost = { creates: 0, points: 1 };
export const UPDATE: Cost = { creates: 0, points: 5 };
export const CREATE: Cost = { creates: 1, points: 5 };

/** How long points count, and how long creations do. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/**
 * GitHub's secondary limits, less a part for what else the App is asked to do: 80 creations a minute and 500 an hour, 900
 * points a minute (docs.github.com, "Rate limits for the REST API").
 */
const WINDOWS: readonly { readonly unit: keyof Cost; readonly spanMs: number; readonly most: number }[] = [
  { unit: "creates", spanMs: MINUTE_MS, most: 60 },
  { unit: "creates", spanMs: HOUR_MS, most: 400 },
  { unit: "points", spanMs: MINUTE_MS, most: 800 },
];

/** The part of each limit that a call of this kind may use up; what is left is for more urgent ones. */
const SHARE: Record<Urgency, number> = { concluded: 1, created: 0.8, progress: 0.75 };

/** When a call may be made: `now`, or the time at which enough of what was spent no longer counts. */
export function planSpending(spent: readonly Spent[], cost: Cost, urgency: Urgency, now: number): number {
  return Math.max(now, ...WINDOWS.map((window) => planWindow(window, spent, cost, urgency, now)));
}

function planWindow(
  { unit, spanMs, most }: (typeof WINDOWS)[number],
  spent: readonly Spent[],
  cost: Cost,
  urgency: Urgency,
  now: number,
): number {
  const inside = spent.filter(({ at }) => at > now - spanMs).toSorted((left, right) => left.at - right.at);
  let excess = inside.reduce((sum, one) => sum + one[unit], cost[unit]) - most * SHARE[urgency];
  if (cost[unit] === 0 || excess <= 0) return now;
  for (const one of inside) {
    excess -= one[unit];
    if (excess <= 0) return one.at + spanMs;
  }
  // A call that costs more than all there is may be made when nothing else counts.
  return now;
}
