import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { SubmissionReceipt } from "@repx/core/model";
import { afterAll, expect, test } from "vitest";
import {
  event,
  objectOf,
  readGithub,
  register,
  registerAndWait,
  report,
  settleAll,
  view,
  waitForGithub,
} from "../coordinator.fixture.ts";
import { FRESH_MS } from "../delivery.ts";
import { LOST_AFTER_MS, SILENT_AFTER_MS } from "./watch.ts";

afterAll(settleAll);

/** Lets time pass: everything that is stored of a submission happened so much earlier. */
async function passTime(receipt: SubmissionReceipt, ms: number): Promise<void> {
  await runInDurableObject(objectOf(receipt), (_, { storage: { sql } }) => {
    sql.exec("UPDATE watch SET last_word_at = last_word_at - ?, moved_at = moved_at - ?", ms, ms);
    sql.exec("UPDATE watch SET swept_at = swept_at - ? WHERE sweeps > 0", ms);
    sql.exec("UPDATE github_item SET created_at = created_at - ?, written_at = written_at - ?", ms, ms);
    sql.exec("UPDATE delivery SET flushed_at = flushed_at - ?", ms);
  });
  await runDurableObjectAlarm(objectOf(receipt));
}

async function pulse(receipt: SubmissionReceipt, queue: readonly object[] = []): Promise<void> {
  expect(await report(receipt, [{ pulse: new Date().toISOString(), queue }])).toEqual({
    accepted: 0,
    duplicates: 0,
    rejected: [],
  });
}

test("I-48: when every channel is lost, the login node is asked, and in the end the run concludes without a pass", async () => {
  const receipt = await registerAndWait("lab/watch-silent");
  await report(receipt, [event(1)]);
  await passTime(receipt, SILENT_AFTER_MS);
  const asked = await readGithub("lab/watch-silent");
  expect(asked.writes).toContainEqual(expect.stringContaining("dispatch reconcile.yml"));
  expect(asked.checks.map((check) => check.status)).not.toContain("completed");
  await passTime(receipt, LOST_AFTER_MS);
  const { checks } = await readGithub("lab/watch-silent");
  expect(checks.map((check) => check.status)).toEqual(["completed", "completed"]);
  expect(checks.map((check) => check["conclusion"])).toEqual(["action_required", "action_required"]);
  expect(checks[0]).toMatchObject({ output: { title: expect.stringContaining("no word from the cluster") } });
});

test("I-48: a word that comes after all corrects the check", async () => {
  const receipt = await registerAndWait("lab/watch-returned");
  await passTime(receipt, LOST_AFTER_MS);
  expect((await view(receipt)).isConcluded).toBe(true);
  await report(receipt, [event(1), event(2), event(0)]);
  await passTime(receipt, 0);
  const { checks } = await readGithub("lab/watch-returned");
  const last = new Map(checks.map((check) => [check.name, check["conclusion"]]));
  expect([...last.values()]).toEqual(["success", "success"]);
});

test("a pulse is a word", async () => {
  const receipt = await registerAndWait("lab/watch-pulse");
  await passTime(receipt, SILENT_AFTER_MS - 60_000);
  await pulse(receipt);
  await passTime(receipt, 120_000);
  expect((await readGithub("lab/watch-pulse")).writes).not.toContainEqual(
    expect.stringContaining("dispatch reconcile.yml"),
  );
  await passTime(receipt, SILENT_AFTER_MS);
  expect((await readGithub("lab/watch-pulse")).writes).toContainEqual(
    expect.stringContaining("dispatch reconcile.yml"),
  );
});

test("a submission that has ended is not watched", async () => {
  const receipt = await registerAndWait("lab/watch-ended");
  await report(receipt, [event(1), event(2), event(0)]);
  await passTime(receipt, 0);
  await passTime(receipt, LOST_AFTER_MS);
  const { writes, checks } = await readGithub("lab/watch-ended");
  expect(writes).not.toContainEqual(expect.stringContaining("dispatch reconcile.yml"));
  expect(checks.map((check) => check["conclusion"])).toEqual(["success", "success"]);
});

test("I-31: a check that would grow stale is replaced by another one of its name", async () => {
  const receipt = await registerAndWait("lab/watch-stale");
  await pulse(receipt);
  await runInDurableObject(objectOf(receipt), (_, { storage: { sql } }) =>
    sql.exec("UPDATE github_item SET created_at = created_at - ?", FRESH_MS),
  );
  await passTime(receipt, 10_000);
  const { checks } = await readGithub("lab/watch-stale");
  expect(checks.filter((check) => check.name === "repx / simulation").map((check) => check.external_id)).toEqual([
    `${receipt.id}/simulation`,
    `${receipt.id}/simulation/2`,
  ]);
});

test("I-01: how jobs wait is told, and a long wait alone never concludes a check", async () => {
  const receipt = await registerAndWait("lab/watch-queue");
  await passTime(receipt, SILENT_AFTER_MS - 60_000);
  await pulse(receipt, [{ reason: "Priority", jobs: 3, startsAt: "2026-11-02T14:05:00Z" }]);
  for (let hour = 0; hour < 9; hour += 1) {
    await passTime(receipt, 3_600_000 / 2);
    await pulse(receipt, [{ reason: "Priority", jobs: 3, startsAt: "2026-11-02T14:05:00Z" }]);
  }
  expect((await view(receipt)).isConcluded).toBe(false);
  const stored = await runInDurableObject(objectOf(receipt), (_, { storage: { sql } }) =>
    sql.exec<{ queue: string }>("SELECT queue FROM watch").one(),
  );
  expect(JSON.parse(stored.queue)).toMatchObject([{ reason: "Priority", jobs: 3 }]);
});

test("I-02: with max-queue-hours, jobs that waited longer are the infrastructure's, and still run when they begin", async () => {
  const receipt = await register("lab/watch-limit", 2, { fields: { policy: { maxQueueHours: 7 } } });
  await passTime(receipt, 1_000);
  await pulse(receipt);
  await runInDurableObject(objectOf(receipt), (_, { storage: { sql } }) =>
    sql.exec("UPDATE watch SET moved_at = moved_at - ?", 7 * 3_600_000),
  );
  await passTime(receipt, 10_000);
  expect((await view(receipt)).jobs.map((job) => [job.state, job.reason])).toEqual(
    Array.from({ length: 3 }, () => ["infrastructure", "more than 7 h in the queue"]),
  );
  await report(receipt, [event(1, { state: "RUNNING" })]);
  expect((await view(receipt)).jobs.map((job) => job.state)).toEqual(["running", "queued", "queued"]);
});

const LATER = "89abcdef0123456789abcdef0123456789abcdef";

test("a later push takes the place of an open submission, where that is the policy", async () => {
  const claims = { repository_id: "4242" };
  const policy = { onSupersede: "cancel" };
  const first = await register("lab/watch-pushed", 2, { claims, fields: { policy } });
  await passTime(first, 10_000);
  const later = await register("lab/watch-pushed", 2, { claims, fields: { policy, headSha: LATER } });
  await passTime(later, 10_000);
  expect((await view(first)).jobs.map((job) => job.state)).toEqual(["cancelled", "cancelled", "cancelled"]);
  await waitForGithub("lab/watch-pushed", ({ writes }) =>
    writes.some((write) => write.startsWith("dispatch cancel.yml")),
  );
  expect((await view(later)).jobs.map((job) => job.state)).toEqual(["queued", "queued", "queued"]);
  const listed = await env.REPOSITORIES.getByName("4242").listSubmissions({ pullRequest: 7 });
  expect(listed.map((entry) => entry.id)).toEqual([later.id, first.id]);
});

test("a later push leaves an open submission alone where nothing else is said", async () => {
  const claims = { repository_id: "4343" };
  const first = await register("lab/watch-kept", 2, { claims });
  await passTime(first, 10_000);
  const later = await register("lab/watch-kept", 2, { claims, fields: { headSha: LATER } });
  await passTime(later, 10_000);
  expect((await view(first)).isConcluded).toBe(false);
});
