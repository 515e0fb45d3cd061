import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { COMMENT_MARKER, type SubmissionReceipt } from "@repx/core/model";
import { expect, test } from "vitest";
import { FLUSH_INTERVAL_MS } from "./delivery.ts";
import {
  addComments,
  event,
  objectOf,
  readDelivery,
  readGithub,
  registerAndWait,
  register,
  report,
  setFaults,
  waitForGithub,
} from "./coordinator.fixture.ts";
import { SILENT_AFTER_MS } from "./watch/watch.ts";

async function readAlarm(receipt: SubmissionReceipt): Promise<number | null> {
  return runInDurableObject(objectOf(receipt), (_, state) => state.storage.getAlarm());
}

async function fire(receipt: SubmissionReceipt): Promise<void> {
  expect(await runDurableObjectAlarm(objectOf(receipt))).toBe(true);
}

const finished = [event(1), event(2), event(0)];

test("shows progress with counts, concludes, and comments once", async () => {
  const receipt = await registerAndWait("lab/progress");
  await report(receipt, [event(1, { state: "RUNNING" })]);
  await fire(receipt);
  expect((await readGithub("lab/progress")).checks[0]).toMatchObject({
    status: "in_progress",
    output: { title: expect.stringContaining("0 of 2 jobs") },
  });
  await report(receipt, finished);
  await fire(receipt);
  const { checks, comments, writes } = await readGithub("lab/progress");
  expect(checks.map((check) => check["conclusion"])).toEqual(["success", "success"]);
  expect(checks[0]).toMatchObject({ completed_at: "2026-11-01T10:00:00Z" });
  expect(comments).toHaveLength(1);
  expect(comments[0]?.body.split("\n")[0]).toBe(COMMENT_MARKER);
  expect(writes).toEqual([
    "create repx / simulation queued",
    "create repx / analysis queued",
    "update repx / simulation in_progress",
    "update repx / simulation completed",
    "update repx / analysis completed",
    "create comment",
  ]);
});

test("concludes a failing run as failure with the end of its log", async () => {
  const receipt = await registerAndWait("lab/failing");
  await report(receipt, [
    event(1, { state: "FAILED", exitCode: 3, logTail: "no such file: grid.txt" }),
    event(2),
    event(0, { state: "CANCELLED", reason: "DependencyNeverSatisfied" }),
  ]);
  await fire(receipt);
  const { checks } = await readGithub("lab/failing");
  expect(checks[0]).toMatchObject({ conclusion: "failure", output: { text: expect.stringContaining("grid.txt") } });
  expect(checks[1]).toMatchObject({ conclusion: "failure", output: { title: expect.stringContaining("not run") } });
});

test("writes nothing when nothing changed", async () => {
  const receipt = await registerAndWait("lab/quiet");
  await report(receipt, [event(1)]);
  await fire(receipt);
  const before = await readGithub("lab/quiet");
  const rest = SILENT_AFTER_MS - 60_000;
  expect(((await readAlarm(receipt)) ?? 0) - Date.now()).toBeGreaterThan(rest);
  await report(receipt, [event(1), event(1, { state: "PENDING" })]);
  expect(((await readAlarm(receipt)) ?? 0) - Date.now()).toBeGreaterThan(rest);
  expect(await readGithub("lab/quiet")).toEqual(before);
});

test("writes at most once in three seconds", async () => {
  const receipt = await registerAndWait("lab/rate");
  const { flushed_at: flushedAt = 0 } = await readDelivery(receipt);
  await report(receipt, [event(1)]);
  expect(await readAlarm(receipt)).toBe(flushedAt + FLUSH_INTERVAL_MS);
});

test("tries again after an outage, later each time", async () => {
  const receipt = await registerAndWait("lab/outage");
  await setFaults("lab/outage", [{ status: 502, times: 9 }]);
  await report(receipt, finished);
  const delays = [];
  for (let round = 0; round < 3; round += 1) {
    const before = Date.now();
    await fire(receipt);
    const { blocked_until: until = 0 } = await readDelivery(receipt);
    delays.push(Math.round((until - before) / 1000));
  }
  expect(delays).toEqual([2, 4, 8]);
  await fire(receipt);
  expect((await readGithub("lab/outage")).checks.map((check) => check["conclusion"])).toEqual(["success", "success"]);
  expect(await readDelivery(receipt)).toMatchObject({ failures: 0 });
});

test.each([
  ["retry-after", 429, { "retry-after": "17" }, 17],
  ["the reset of an exhausted limit", 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "in 40 s" }, 40],
  ["a minute where GitHub gives no time", 403, {}, 60],
])("obeys %s", async (title, status, headers, seconds) => {
  const repository = `lab/limit-${title.length}`;
  const receipt = await registerAndWait(repository);
  const reset = String(Math.ceil(Date.now() / 1000) + seconds);
  const real = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.startsWith("in") ? reset : value]),
  );
  await setFaults(repository, [{ status, headers: real, times: 1 }]);
  await report(receipt, [event(1)]);
  await fire(receipt);
  const wait = ((await readAlarm(receipt)) ?? 0) - Date.now();
  expect(wait / 1000).toBeGreaterThan(seconds - 2);
  expect(wait / 1000).toBeLessThan(seconds + 2);
  await report(receipt, [event(2)]);
  expect(((await readAlarm(receipt)) ?? 0) - Date.now()).toBeGreaterThan((seconds - 3) * 1000);
});

test("gives up one check that GitHub refuses and writes the others", async () => {
  const receipt = await registerAndWait("lab/refused");
  await setFaults("lab/refused", [{ status: 422, times: 1 }]);
  await report(receipt, [event(1, { state: "RUNNING" }), event(0, { state: "RUNNING" })]);
  await fire(receipt);
  await report(receipt, [event(1), event(0)]);
  await fire(receipt);
  const { writes } = await readGithub("lab/refused");
  expect(writes.slice(2)).toEqual([
    "update repx / simulation in_progress 422",
    "update repx / analysis in_progress",
    "update repx / analysis completed",
  ]);
  await report(receipt, [event(2)]);
  await fire(receipt);
  expect((await readGithub("lab/refused")).checks[0]).toMatchObject({ conclusion: "success" });
});

test("finds the check that a lost answer left behind instead of making a second", async () => {
  await setFaults("lab/lost", [{ status: 500, isApplied: true, times: 1 }]);
  const receipt = await register("lab/lost");
  await waitForGithub("lab/lost", (state) => state.writes.length > 0);
  await evictDurableObject(objectOf(receipt));
  await fire(receipt);
  const { checks, writes } = await readGithub("lab/lost");
  expect(checks.map((check) => check.name)).toEqual(["repx / simulation", "repx / analysis"]);
  expect(writes).toContain("list checks");
});

test("lets a new check follow one that was concluded and has begun again", async () => {
  const receipt = await registerAndWait("lab/follow");
  await report(receipt, [event(0, { state: "NODE_FAIL" })]);
  await fire(receipt);
  await report(receipt, [event(0, { state: "RUNNING", attempt: 2 })]);
  await fire(receipt);
  await report(receipt, [event(0, { attempt: 2 })]);
  await fire(receipt);
  const { checks } = await readGithub("lab/follow");
  const analysis = checks.filter((check) => check.name === "repx / analysis");
  expect(analysis.map((check) => check["conclusion"])).toEqual(["action_required", "success"]);
  expect(analysis.map((check) => check.external_id)).toEqual([`${receipt.id}/analysis`, `${receipt.id}/analysis/2`]);
});

test("updates the comment of an earlier submission, and no comment of anyone else", async () => {
  const strangers = [
    { id: 1, body: `${COMMENT_MARKER}\nfake`, user: { login: "mallory" } },
    { id: 2, body: `a quote:\n${COMMENT_MARKER}`, user: { login: "repx-app[bot]" } },
  ];
  const padding = Array.from({ length: 120 }, (_, index) => ({
    id: 10 + index,
    body: "hello",
    user: { login: "octocat" },
  }));
  await addComments("lab/comment", [...strangers, ...padding]);
  for (const exitCode of [1, 2]) {
    const receipt = await registerAndWait("lab/comment");
    await report(receipt, [event(1), event(2, { state: "FAILED", exitCode }), ...(exitCode === 1 ? [event(0)] : [])]);
    if (exitCode === 2) await report(receipt, [event(0, { state: "FAILED", exitCode })]);
    await fire(receipt);
    const { comments } = await readGithub("lab/comment");
    expect(comments).toHaveLength(123);
    expect(comments.at(-1)?.body).toContain(receipt.id);
    expect(comments.slice(0, 2)).toEqual(strangers);
  }
});

test("leaves the comment of a later submission alone", async () => {
  const [first, second] = [await registerAndWait("lab/late"), await registerAndWait("lab/late")];
  for (const receipt of [second, first]) {
    await report(receipt, finished);
    await fire(receipt);
  }
  const { comments } = await readGithub("lab/late");
  expect(comments).toHaveLength(1);
  expect(comments[0]?.body).toContain(second.id);
});

test("leaves one comment when another submission was a moment faster", async () => {
  const receipt = await registerAndWait("lab/race");
  await setFaults("lab/race", [{ status: 201, rival: `${COMMENT_MARKER}\nfrom another submission` }]);
  await report(receipt, finished);
  await fire(receipt);
  const { comments, writes } = await readGithub("lab/race");
  expect(writes.slice(-3)).toEqual(["create comment", "delete comment", "update comment"]);
  expect(comments).toMatchObject([{ id: 999, body: expect.stringContaining(receipt.id) }]);
});
