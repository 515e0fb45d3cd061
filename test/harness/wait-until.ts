import { setTimeout as sleep } from "node:timers/promises";

export interface Wait {
  /** What is waited for, as the message says it: "slurmctld to answer". */
  readonly what: string;
  readonly timeoutSeconds: number;
  readonly intervalMs?: number;
}

/** Asks `probe` until it returns something other than undefined or false, and throws with `what` at the deadline. */
export async function waitUntil<T>(wait: Wait, probe: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + wait.timeoutSeconds * 1000;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() >= deadline) throw new Error(`waited ${wait.timeoutSeconds} s in vain for ${wait.what}`);
    await sleep(wait.intervalMs ?? 50);
  }
}
