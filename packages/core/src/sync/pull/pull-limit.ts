import { allowSeconds, type TimeLimit } from "../push/time-limit.ts";
import { CHANNELS } from "./group-streams.ts";

/** Longer than any stream takes; Node's timers end at 24 days. */
const LONGEST_SECONDS = 14 * 24 * 3600;

/** The time that the streams of a pull have: by their size, as if all shared one slow line. The pull itself has no limit. */
export const PULL_LIMIT: TimeLimit = {
  secondsFor: (bytes) => Math.min(LONGEST_SECONDS, allowSeconds(CHANNELS * bytes)),
  isOver: () => false,
};
