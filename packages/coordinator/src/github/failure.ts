// What a failed call to GitHub means. Pure: the clock comes in.
import * as z from "zod";

/** What to do after a failed call: forget this item, or try everything again at a time. */
export type Failure =
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "later";
      readonly reason: string;
      readonly at: number;
      /** GitHub answered with a fault of its own, over this item perhaps; anything else meets every item. */
      readonly concerns: "one" | "all";
      /** GitHub has had too much of us: it concerns the whole installation. */
      readonly isLimit: boolean;
    };

const MIN_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;
/** "Wait at least one minute ... exponentially" (docs.github.com, "Rate limits for the REST API", secondary limits). */
const MIN_LIMIT_DELAY_MS = 60_000;
const MAX_LIMIT_DELAY_MS = 3_600_000;
/** GitHub's limits reset within the hour; an alarm cannot be set to a time centuries away at all. */
const MAX_ASKED_DELAY_MS = 24 * 3_600_000;
/** These never get better by repeating: not there, gone, not acceptable. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 410, 422, 451]);

/** Reads a failure; `failures` counts those in a row before it, `now` is in milliseconds. */
export function readFailure(thrown: unknown, failures: number, now: number): Failure {
  const status = readStatus(thrown);
  const reason = status === undefined ? readMessage(thrown) : `HTTP ${status}: ${readMessage(thrown)}`;
  if (status !== undefined && REFUSALS.has(status)) return { kind: "refused", reason };
  const isLimit = status === 403 || status === 429;
  const asked = readWait(thrown, now);
  if (asked !== undefined) {
    return { kind: "later", reason, at: Math.min(asked, now + MAX_ASKED_DELAY_MS), concerns: "all", isLimit };
  }
  const delay =
    isLimit || status === 401
      ? Math.min(MAX_LIMIT_DELAY_MS, MIN_LIMIT_DELAY_MS * 2 ** Math.min(failures, 10))
      : Math.min(MAX_DELAY_MS, MIN_DELAY_MS * 2 ** Math.min(failures, 10));
  const concerns = status !== undefined && status >= 500 ? "one" : "all";
  return { kind: "later", reason, at: now + delay, concerns, isLimit };
}

/** The part of Octokit's error that we read; without an answer (no connection, deadline) there is no response. */
const Answered = z.object({
  status: z.number(),
  response: z.object({ headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()) }),
});

/** The HTTP status of a failed call; undefined when there was no answer. */
export function readStatus(thrown: unknown): number | undefined {
  return Answered.safeParse(thrown).data?.status;
}

function readMessage(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 300);
}

/** When GitHub says to come back: `retry-after` in seconds, else the reset of an exhausted limit. */
function readWait(thrown: unknown, now: number): number | undefined {
  const headers = Answered.safeParse(thrown).data?.response.headers ?? {};
  const seconds = readNumber(headers["retry-after"]);
  if (seconds !== undefined) return now + Math.max(1, seconds) * 1000;
  const reset = readNumber(headers["x-ratelimit-reset"]);
  if (reset === undefined || readNumber(headers["x-ratelimit-remaining"]) !== 0) return undefined;
  return Math.max(now + 1000, reset * 1000);
}

function readNumber(value: string | number | undefined): number | undefined {
  const number = value === undefined || value === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}
