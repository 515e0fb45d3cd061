import { setTimeout as sleep } from "node:timers/promises";
import { isLoss } from "./target-commands.ts";
import type { TimeLimit } from "./time-limit.ts";

const ATTEMPTS = 5;
const PAUSE_MS = 20;

/** What an attempt is repeated by. */
export interface Persistence {
  readonly limit: TimeLimit;
  /** Grows whenever anything of the push arrives. */
  readonly countArrived: () => number;
  readonly isStopped: () => boolean;
}

/** For what does not come in parts: what is tried again is the whole of it. */
export function insist(limit: TimeLimit): Persistence {
  return { limit, countArrived: () => 0, isStopped: () => false };
}

/** Repeats what failed with the connection, at most five times in a row in which nothing of the push arrived. */
export async function persist<T>(attempt: (number: number) => Promise<T>, by: Persistence): Promise<T> {
  let arrived = by.countArrived();
  for (let [failures, number] = [0, 1]; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      const now = by.countArrived();
      failures = now === arrived ? failures + 1 : 1;
      arrived = now;
      if (!isLoss(error) || failures >= ATTEMPTS || by.isStopped() || by.limit.isOver()) throw error;
      await sleep(PAUSE_MS * 2 ** failures);
    }
  }
}
