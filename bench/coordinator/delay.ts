// From an event to the check that shows it, when nothing else is going on.
import { setTimeout as sleep } from "node:timers/promises";
import { renderEvent, type CoordinatorStand } from "../../test/coordinator/coordinator-stand.ts";
import { waitUntil } from "../../test/harness/wait-until.ts";

const SAMPLES = 40;
/** A check that was just written may wait for its next turn; then the system is not idle. */
const IDLE_SECONDS = 16;
const GAP_MS = 250;

/** Sends one event to each of many idle submissions, one after the other; in milliseconds, in ascending order. */
export async function measureDelays(stand: CoordinatorStand): Promise<number[]> {
  const idle = [];
  for (let nth = 0; nth < SAMPLES; nth += 1) {
    const pullRequest = await stand.openPullRequest(`delay-${nth}`);
    idle.push({ pullRequest, receipt: await stand.registerRuns(pullRequest, { simulation: [0, 1] }) });
  }
  for (const { pullRequest } of idle) await stand.waitForChecks(pullRequest, (lines) => lines.length === 1);
  await sleep(IDLE_SECONDS * 1000);
  const delays: number[] = [];
  for (const { receipt } of idle) {
    const before = stand.proxy.calls.length;
    const sentAt = Date.now();
    await stand.report(receipt, [renderEvent(0, "RUNNING")]);
    const written = await waitUntil({ what: "the check's update", timeoutSeconds: 60, intervalMs: 2 }, async () =>
      stand.proxy.calls.slice(before).find(({ method, path }) => method === "PATCH" && path.includes("/check-runs/")),
    );
    delays.push(written.at - sentAt);
    await sleep(GAP_MS);
  }
  return delays.toSorted((left, right) => left - right);
}
