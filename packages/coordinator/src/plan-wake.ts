import { FRESH_MS, planAlarm } from "./delivery.ts";
import { readDelivery, readOldestOpenCheck } from "./delivery-store.ts";
import { readFrame } from "./present-submission.ts";
import type { SubmissionRow } from "./submission-store.ts";
import { hasOpenJobs, readWatch } from "./watch/watch-store.ts";
import { planWatch } from "./watch/watch.ts";

/** When a submission's object has something to do next; undefined when all is told and all has ended. */
export function planWake(sql: SqlStorage, row: SubmissionRow, now: number): number | undefined {
  const times = [planAlarm(readDelivery(sql), now)];
  if (hasOpenJobs(sql)) {
    const oldest = readOldestOpenCheck(sql);
    times.push(planWatch(readWatch(sql), readFrame(row), now), oldest === undefined ? undefined : oldest + FRESH_MS);
  }
  const known = times.filter((at): at is number => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
