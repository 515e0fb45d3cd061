import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import type { PullRequest } from "../harness/github-emulator.ts";
import { type CoordinatorStand, type Receipt, renderEvent, startCoordinatorStand } from "./coordinator-stand.ts";

let stand: CoordinatorStand;
beforeAll(async () => {
  stand = await startCoordinatorStand();
});
beforeEach(() => {
  onTestFailed(async () => console.error(await stand.coordinator.readLogs()));
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
});

const everything = [0, 1, 2].map((nth) => renderEvent(nth, "COMPLETED"));

async function waitForSuccess(pullRequest: PullRequest): Promise<void> {
  await stand.waitForChecks(pullRequest, (lines) => lines.every((line) => line.includes("completed success")));
}

/** Opens a pull request, registers for it, and waits until its two checks are there. */
async function registerAndWait(branch: string): Promise<{ pullRequest: PullRequest; receipt: Receipt }> {
  const pullRequest = await stand.openPullRequest(branch);
  const receipt = await stand.register(pullRequest, 2);
  await stand.waitForChecks(pullRequest, (lines) => lines.length === 2);
  return { pullRequest, receipt };
}

test("tells GitHub when it answers again after an outage", async () => {
  const pullRequest = await stand.openPullRequest("outage");
  stand.proxy.failWrites({ status: 500, times: 2 });
  const receipt = await stand.register(pullRequest, 2);
  await stand.report(receipt, everything);
  await stand.waitForChecks(pullRequest, (lines) => lines.length === 2);
  await waitForSuccess(pullRequest);
  expect(stand.proxy.writes.filter((write) => write.status === 500)).toHaveLength(2);
});

test("does not write before GitHub's retry-after is over", async () => {
  const { pullRequest, receipt } = await registerAndWait("limit");
  stand.proxy.failWrites({ status: 429, times: 1, headers: { "retry-after": "6" } });
  await stand.report(receipt, everything);
  await waitForSuccess(pullRequest);
  const limited = stand.proxy.writes.findIndex((write) => write.status === 429);
  const [refused, next] = stand.proxy.writes.slice(limited, limited + 2);
  expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(5_900);
});

test("concludes the checks when it is killed between the events and the telling, without a request", async () => {
  const { pullRequest, receipt } = await registerAndWait("killed");
  stand.proxy.failWrites({ status: 503, times: 1000 });
  expect((await stand.report(receipt, everything)).body).toMatchObject({ accepted: 3 });
  await stand.coordinator.kill9();
  stand.proxy.failWrites({ status: 503, times: 1 });
  await stand.coordinator.restart();
  await waitForSuccess(pullRequest);
  expect((await stand.report(receipt, everything)).body).toMatchObject({ accepted: 0, duplicates: 3 });
});

test("concludes the checks when it is killed in the middle of a write", async () => {
  const { pullRequest, receipt } = await registerAndWait("hanging");
  const before = stand.proxy.writes.length;
  stand.proxy.failWrites({ status: 500, times: 1, isHanging: true });
  await stand.report(receipt, everything);
  await expect.poll(() => stand.proxy.writes.length, { timeout: 10_000 }).toBeGreaterThan(before);
  await stand.coordinator.kill9();
  await stand.coordinator.restart();
  await waitForSuccess(pullRequest);
  const readCount = async () => (await stand.github.readComments(pullRequest.number)).length;
  await expect.poll(readCount, { timeout: 10_000 }).toBe(1);
});
