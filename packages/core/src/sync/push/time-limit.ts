import { RepxError } from "../../model/errors.ts";

/** The time that a whole push has, and that its parts get of it. */
export interface TimeLimit {
  /** Seconds for something of this size beside as much on every other channel; SSH_TIMEOUT when there is no time left at all. */
  secondsFor(bytes: number): number;
  isOver(): boolean;
}

const LEAST_SECONDS = 60;
/** Of a link, which the channels share. */
const LEAST_BYTES_PER_SECOND = 100_000;

/** What the time of a push depends on. */
export interface TimeAllowance {
  readonly seconds: number;
  /** Of the target, for the message. */
  readonly description: string;
  /** Commands that are under way at once. */
  readonly channels: number;
}

/** Starts the time of a push; `now` gives milliseconds that only grow. */
export function startTimeLimit({ seconds, description, channels }: TimeAllowance, now: () => number): TimeLimit {
  const endMs = now() + seconds * 1000;
  const isOver = (): boolean => now() >= endMs;
  return {
    isOver,
    secondsFor(bytes) {
      if (isOver()) {
        throw new RepxError("SSH_TIMEOUT", `the push to ${description} did not end within ${seconds} seconds`, {
          hint: "Try again: it goes on where it stopped, for two days.",
        });
      }
      return Math.min((endMs - now()) / 1000, allowSeconds(bytes * channels));
    },
  };
}

/** The time that is given to something of this size, where nothing bounds it as a whole. */
export function allowSeconds(bytes: number): number {
  return LEAST_SECONDS + bytes / LEAST_BYTES_PER_SECOND;
}
