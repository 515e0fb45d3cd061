// GitHub's secondary limits ("Rate limits for the REST API", docs.github.com). Pure but for the clock that comes in.

/** What may be asked; a test of the limits makes them small. */
export interface Limits {
  /** Requests under way at once. */
  readonly concurrent: number;
  /** Reads count 1, writes 5. */
  readonly pointsPerMinute: number;
  readonly contentPerMinute: number;
  readonly contentPerHour: number;
  /** What `retry-after` says. */
  readonly retryAfterSeconds: number;
}

/** GitHub's own. */
export const GITHUB_LIMITS: Limits = {
  concurrent: 100,
  pointsPerMinute: 900,
  contentPerMinute: 80,
  contentPerHour: 500,
  retryAfterSeconds: 60,
};

/** What was counted so far. */
export interface LimitCounts {
  readonly requests: number;
  /** Check runs and comments that were let through to be made. */
  readonly contents: number;
  /** Requests over a limit. */
  readonly refused: number;
  readonly mostAtOnce: number;
  readonly pointsInMinute: number;
}

export interface Limiter {
  /** Counts a request that begins; the answer is the limit that it breaks. */
  begin(method: string, path: string): string | undefined;
  /** Counts the end of a request, refused ones too. */
  end(): void;
  readCounts(): LimitCounts;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const CONTENT = /^\/repos\/[^/]+\/[^/]+\/(?:check-runs|issues\/\d+\/comments)$/;

/** Opens the counters of one GitHub. What was refused counts for no limit but that of requests at once. */
export function openLimiter(limits: Limits, now: () => number): Limiter {
  const points: { readonly at: number; readonly cost: number }[] = [];
  const contents: number[] = [];
  const total = { requests: 0, contents: 0, refused: 0, mostAtOnce: 0 };
  let atOnce = 0;
  const sumPoints = () => {
    while (points[0] !== undefined && points[0].at <= now() - MINUTE_MS) points.shift();
    return points.reduce((sum, { cost }) => sum + cost, 0);
  };
  const find = (cost: number, isContent: boolean): string | undefined => {
    if (atOnce > limits.concurrent) return `more than ${limits.concurrent} requests at once`;
    if (sumPoints() + cost > limits.pointsPerMinute) return `more than ${limits.pointsPerMinute} points in a minute`;
    if (!isContent) return undefined;
    while (contents[0] !== undefined && contents[0] <= now() - HOUR_MS) contents.shift();
    if (contents.length >= limits.contentPerHour) return `more than ${limits.contentPerHour} contents in an hour`;
    const inMinute = contents.filter((at) => at > now() - MINUTE_MS).length;
    return inMinute >= limits.contentPerMinute
      ? `more than ${limits.contentPerMinute} contents in a minute`
      : undefined;
  };
  return {
    begin: (method, path) => {
      const isRead = method === "GET" || method === "HEAD" || method === "OPTIONS";
      const [cost, isContent] = [isRead ? 1 : 5, method === "POST" && CONTENT.test(path)];
      atOnce += 1;
      total.requests += 1;
      total.mostAtOnce = Math.max(total.mostAtOnce, atOnce);
      const broken = find(cost, isContent);
      if (broken !== undefined) {
        total.refused += 1;
        return broken;
      }
      points.push({ at: now(), cost });
      if (isContent) {
        total.contents += 1;
        contents.push(now());
      }
      return undefined;
    },
    end: () => {
      atOnce -= 1;
    },
    readCounts: () => ({ ...total, pointsInMinute: sumPoints() }),
  };
}
