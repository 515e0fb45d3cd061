// What must not keep GitHub from being told: one bad item, a bad answer, a bad row, a flush that dies.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { SubmissionReceipt } from "@repx/core/model";
import { afterAll, expect, test } from "vitest";
import {
  event,
  jobId,
  objectOf,
  readDelivery,
  readGithub,
  registerAndWait,
  report,
  send,
  setFaults,
  settleAll,
  signIdToken,
  submissionBody,
  waitForGithub,
} from "./coordinator.fixture.ts";
import { readSubmission, readSubmissionRow } from "./submission-store.ts";

afterAll(settleAll);

const finished = [event(1), event(2), event(0)];

async function fire(receipt: SubmissionReceipt): Promise<void> {
  expect(await runDurableObjectAlarm(objectOf(receipt))).toBe(true);
}

async function readAlarm(receipt: SubmissionReceipt): Promise<number> {
  return (await runInDurableObject(objectOf(receipt), (_, { storage }) => storage.getAlarm())) ?? 0;
}

async function execute(receipt: SubmissionReceipt, statement: string, ...values: string[]): Promise<void> {
  await runInDurableObject(objectOf(receipt), (_, { storage }) => void storage.sql.exec(statement, ...values));
}

async function readConclusions(repository: string): Promise<unknown[]> {
  return (await readGithub(repository)).checks.map((check) => check["conclusion"]);
}

test("tells the others when GitHub fails over one check", async () => {
  const receipt = await registerAndWait("lab/one");
  await setFaults("lab/one", [{ status: 500, times: 1 }]);
  await report(receipt, finished);
  await fire(receipt);
  expect(await readConclusions("lab/one")).toEqual([undefined, "success"]);
  await fire(receipt);
  expect(await readConclusions("lab/one")).toEqual(["success", "success"]);
});

test.each([
  [500, 3],
  [403, 1],
])("asks GitHub no more when it answers %i, %i times in a flush", async (status, writes) => {
  const repository = `lab/asks-${status}`;
  await setFaults(repository, [{ status, times: 1000 }]);
  const runs = ["a", "b", "c", "d", "e"].map((name) => ({ name, jobs: [jobId(1)] }));
  const body = submissionBody(1, { runs });
  const answer = await send("POST", "/api/submissions", await signIdToken({ repository }), body);
  const receipt = SubmissionReceipt.parse(await answer.json());
  await expect.poll(async () => (await readDelivery(receipt))["blocked_until"]).toBeGreaterThan(0);
  expect((await readGithub(repository)).writes).toHaveLength(writes);
  await setFaults(repository, []);
});

test("looks again within a day whatever time GitHub gives", async () => {
  const receipt = await registerAndWait("lab/centuries");
  await setFaults("lab/centuries", [{ status: 429, headers: { "retry-after": "9e99" }, times: 1 }]);
  await report(receipt, finished);
  await fire(receipt);
  const wait = (await readAlarm(receipt)) - Date.now();
  expect(wait).toBeGreaterThan(23 * 3_600_000);
  expect(wait).toBeLessThanOrEqual(24 * 3_600_000);
  expect(await report(receipt, [event(1, { state: "RUNNING" })])).toMatchObject({ accepted: 1 });
});

test("takes an answer that is not GitHub's for none", async () => {
  await setFaults("lab/proxy", [{ status: 200, times: 1 }]);
  const receipt = await registerAndWait("lab/proxy");
  expect((await readGithub("lab/proxy")).checks.map((check) => check.name)).toEqual([
    "repx / simulation",
    "repx / analysis",
  ]);
  await setFaults("lab/proxy", [{ status: 200, times: 1 }]);
  await report(receipt, finished);
  await fire(receipt);
  expect(await readConclusions("lab/proxy")).toEqual([undefined, undefined]);
  await fire(receipt);
  expect(await readConclusions("lab/proxy")).toEqual(["success", "success"]);
});

test("tells the others when one check cannot be rendered, and tries that one again in a minute", async () => {
  const receipt = await registerAndWait("lab/row");
  await report(receipt, finished);
  const bad = JSON.stringify({ state: "failed", attempt: 1, node: 5 });
  await execute(receipt, "UPDATE job SET record = ? WHERE id = ?", bad, jobId(1));
  await fire(receipt);
  expect(await readConclusions("lab/row")).toEqual([undefined, "success"]);
  expect(((await readAlarm(receipt)) - Date.now()) / 1000).toBeGreaterThan(50);
  const good = JSON.stringify({ state: "failed", attempt: 1, node: "n5" });
  await execute(receipt, "UPDATE job SET record = ? WHERE id = ?", good, jobId(1));
  await fire(receipt);
  expect(await readConclusions("lab/row")).toEqual(["failure", "success"]);
});

test("tries again in a minute when its own store cannot be read", async () => {
  const receipt = await registerAndWait("lab/store");
  await report(receipt, finished);
  await execute(receipt, "UPDATE job SET definition = '!' || definition");
  await fire(receipt);
  expect(((await readAlarm(receipt)) - Date.now()) / 1000).toBeGreaterThan(50);
  await execute(receipt, "UPDATE job SET definition = substr(definition, 2)");
  await fire(receipt);
  expect(await readConclusions("lab/store")).toEqual(["success", "success"]);
});

test("has counted a flush as failed, and set the alarm for it, before GitHub answers", async () => {
  const receipt = await registerAndWait("lab/dies");
  await execute(receipt, "UPDATE delivery SET failures = 2");
  await setFaults("lab/dies", [{ status: 500, delayMs: 1000, times: 1 }]);
  await report(receipt, finished);
  const firing = fire(receipt);
  await waitForGithub("lab/dies", ({ writes }) => writes.length > 2);
  const { failures, flushed_at: flushedAt = 0 } = await readDelivery(receipt);
  expect({ failures, wait: (await readAlarm(receipt)) - flushedAt }).toEqual({ failures: 3, wait: 12_000 });
  await firing;
});

test("loads no more of the logs than a report can show, though they begin with a NUL", async () => {
  const receipt = await registerAndWait("lab/nul", 30);
  const logTail = `\0${"x".repeat(15_000)}`;
  const failed = Array.from({ length: 30 }, (_, index) => event(index + 1, { state: "FAILED", exitCode: 1, logTail }));
  await report(receipt, failed);
  const length = await runInDurableObject(objectOf(receipt), (_, { storage: { sql } }) => {
    const row = readSubmissionRow(sql);
    if (row === undefined) throw new Error("nothing is registered");
    return [...readSubmission(sql, row, "texts").records.values()].map((record) => record.logTail ?? "").join("")
      .length;
  });
  expect(length).toBeGreaterThan(70_000);
  expect(length).toBeLessThan(100_000);
});

test("replaces half of a character in what it tells", async () => {
  const job = { id: jobId(1), stage: "walk-1.0", parameters: { a: "\ud800" }, dependsOn: [], isReused: false };
  const body = submissionBody(1, { jobs: [job], runs: [{ name: "a", jobs: [jobId(1)] }] });
  const answer = await send("POST", "/api/submissions", await signIdToken({ repository: "lab/half" }), body);
  await report(SubmissionReceipt.parse(await answer.json()), [event(1, { state: "FAILED", exitCode: 1 })]);
  const { checks } = await waitForGithub("lab/half", (state) => state.checks[0]?.status === "completed");
  expect(JSON.stringify(checks)).toContain("a=\ufffd");
});
