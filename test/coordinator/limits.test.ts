import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFailed, test } from "vitest";
import { waitUntil } from "../harness/wait-until.ts";
import { type CoordinatorStand, renderEvent, startCoordinatorStand } from "./coordinator-stand.ts";

const EXPERIMENTS = 120;
/** GitHub lets 80 checks be made in a minute: two minutes at least, and another if a limit was met. */
const TIMEOUT_SECONDS = 360;

/** Registers the experiments of so many pull requests, and lets all of them end at once. */
async function endAtOnce(stand: CoordinatorStand, pullRequests: number) {
  const each = EXPERIMENTS / pullRequests;
  const runs = Object.fromEntries(Array.from({ length: each }, (_, nth) => [`run-${nth}`, [nth]]));
  const registered = [];
  for (let nth = 0; nth < pullRequests; nth += 1) {
    const pullRequest = await stand.openPullRequest(`crowd-${nth}`);
    registered.push({ pullRequest, receipt: await stand.registerRuns(pullRequest, runs) });
  }
  const events = Array.from({ length: each }, (_, nth) => renderEvent(nth, "COMPLETED"));
  for (const { receipt } of registered) {
    expect((await stand.report(receipt, events)).body).toMatchObject({ accepted: each });
  }
  return registered.map(({ pullRequest }) => pullRequest);
}

test.each([
  ["one pull request", 1],
  ["four pull requests", 4],
])(
  "I-32: tells the end of 120 experiments of %s without running into GitHub's limits again and again",
  { timeout: (TIMEOUT_SECONDS + 60) * 1000 },
  async (_, count) => {
    await using stand = await startCoordinatorStand();
    onTestFailed(async () => console.error(await stand.coordinator.readLogs()));
    const pullRequests = await endAtOnce(stand, count);
    // The comment is written last.
    await waitUntil({ what: "the comments", timeoutSeconds: TIMEOUT_SECONDS, intervalMs: 200 }, async () => {
      const told = pullRequests.map(async ({ number }) => (await stand.github.readComments(number)).length > 0);
      return (await Promise.all(told)).every(Boolean);
    });
    for (const { headSha } of pullRequests) {
      const checks = await stand.github.readCheckRuns(headSha);
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ conclusion }) => conclusion !== "success")).toEqual([]);
    }
    await sleep(1000);
    // Nobody can know of the first; what comes after it was said to be too much.
    expect(stand.proxy.counts.refused).toBeLessThanOrEqual(1);
    expect(stand.proxy.counts.mostAtOnce).toBeLessThanOrEqual(100);
  },
);
