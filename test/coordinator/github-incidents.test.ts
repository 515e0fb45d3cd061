import { COMMENT_MARKER } from "@repx/core/model";
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import * as z from "zod";
import type { PullRequest } from "../harness/github-emulator.ts";
import { type CoordinatorStand, renderEvent, startCoordinatorStand } from "./coordinator-stand.ts";

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

const Comments = z.array(z.object({ id: z.int(), body: z.string(), user: z.object({ login: z.string() }) }));
const everything = [0, 1, 2].map((nth) => renderEvent(nth, "COMPLETED"));
const place = ({ number }: PullRequest) => `/repos/${stand.github.fullName}/issues/${number}/comments`;

async function discuss(pullRequest: PullRequest, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) {
    await stand.github.request("POST", place(pullRequest), { body: { body: `I think ${nth}` } });
  }
}

async function readAllComments(pullRequest: PullRequest): Promise<z.infer<typeof Comments>> {
  const pages = [];
  for (let page = 1; page <= 5; page += 1) {
    pages.push(await stand.github.request("GET", `${place(pullRequest)}?per_page=100&page=${page}`));
  }
  return pages.flatMap((page) => Comments.parse(page));
}

function isDone(lines: readonly string[]): boolean {
  return lines.filter((line) => line.includes("completed success")).length === 2;
}

test("I-25: finds its one comment again among 300 others, whoever quotes it", async () => {
  const pullRequest = await stand.openPullRequest("talkative");
  const readOurs = async () =>
    (await readAllComments(pullRequest)).filter(({ user }) => user.login === `${stand.github.app.slug}[bot]`);
  await discuss(pullRequest, 150);
  await stand.github.request("POST", place(pullRequest), {
    body: { body: `${COMMENT_MARKER}\nis what it begins with` },
  });
  const first = await stand.register(pullRequest, 2);
  await stand.report(first, everything);
  await expect.poll(async () => (await readOurs()).length, { timeout: 20_000 }).toBe(1);
  const [before] = await readOurs();
  await discuss(pullRequest, 150);
  const second = await stand.register(pullRequest, 2);
  await stand.report(second, [...everything.slice(1), renderEvent(0, "FAILED", { exitCode: 3 })]);
  const saysFailed = async () => (await readOurs()).map(({ id, body }) => [id, body.includes(second.id)]);
  await expect.poll(saysFailed, { timeout: 20_000 }).toEqual([[before?.id, true]]);
  expect(await readAllComments(pullRequest)).toHaveLength(302);
});

test("I-26: its checks are its App's own, beside one of the same name and id by another App", async () => {
  const pullRequest = await stand.openPullRequest("suites");
  stand.proxy.failWrites({ status: 503, times: 1000 });
  const receipt = await stand.register(pullRequest, 2);
  await expect.poll(() => stand.proxy.writes.some(({ status }) => status === 503), { timeout: 10_000 }).toBe(true);
  stand.proxy.failWrites({ status: 503, times: 1 });
  const actions = stand.proxy.issueToken({ appId: 15_368, permissions: { checks: "write" } });
  const foreign = { name: "repx / simulation", head_sha: pullRequest.headSha, external_id: `${receipt.id}/simulation` };
  const createForeign = async () =>
    (
      await fetch(`${stand.proxy.url}/repos/${stand.github.fullName}/check-runs`, {
        method: "POST",
        headers: { authorization: `Bearer ${actions}`, "content-type": "application/json" },
        body: JSON.stringify(foreign),
      })
    ).status;
  // One of the two requests meets the fault that is left.
  await expect.poll(createForeign, { timeout: 10_000 }).toBe(201);
  await stand.report(receipt, everything);
  await stand.waitForChecks(pullRequest, isDone, 60);
  const checks = [...stand.proxy.checks.values()].filter(({ headSha }) => headSha === pullRequest.headSha);
  const described = checks.map(({ appId, name, status }) => `${appId} ${name} ${status}`);
  const ours = stand.github.app.id;
  expect(described.toSorted()).toEqual([
    `${ours} repx / analysis completed`,
    `${ours} repx / simulation completed`,
    "15368 repx / simulation queued",
  ]);
});

test("I-37: does not conclude a check before every registered job has ended", async () => {
  const pullRequest = await stand.openPullRequest("batches");
  const receipt = await stand.registerRuns(pullRequest, { simulation: [0, 1, 2, 3] });
  for (const nth of [0, 1, 2]) {
    await stand.report(receipt, [renderEvent(nth, "COMPLETED")]);
    const [line] = await stand.waitForChecks(pullRequest, (lines) => lines[0]?.includes(`${nth + 1} of 4`) === true);
    expect(line).toMatch(/^repx \/ simulation: in_progress - /);
  }
  await stand.report(receipt, [renderEvent(3, "COMPLETED")]);
  await stand.waitForChecks(pullRequest, (lines) => lines[0]?.includes("completed success") === true);
  // A check that had been concluded too early would have been followed by another.
  const checks = [...stand.proxy.checks.values()].filter(({ headSha }) => headSha === pullRequest.headSha);
  expect(checks).toHaveLength(1);
});
