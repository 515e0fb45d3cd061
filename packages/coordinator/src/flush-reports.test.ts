import { runDurableObjectAlarm } from "cloudflare:test";
import type { SubmissionReceipt } from "@repx/core/model";
import { afterAll, expect, test } from "vitest";
import {
  addComments,
  event,
  jobId,
  objectOf,
  readGithub,
  register,
  registerAndWait,
  report,
  settleAll,
  waitForGithub,
} from "./coordinator.fixture.ts";

afterAll(settleAll);

const DONE = [event(1), event(2), event(0)];
const FAILED = [event(1, { state: "FAILED", exitCode: 3 }), event(2), event(0)];

const isPublish = (write: string) => write.startsWith("dispatch publish.yml");

async function finish(receipt: SubmissionReceipt, events: readonly object[]): Promise<void> {
  await report(receipt, events);
  await runDurableObjectAlarm(objectOf(receipt));
}

test("I-32: above forty runs there is one check for all, and one for each that did not pass", async () => {
  const runs = Array.from({ length: 41 }, (_, nth) => ({ name: `run-${nth}`, jobs: [nth < 3 ? jobId(1) : jobId(2)] }));
  const receipt = await register("lab/report-forty-one", 2, { fields: { runs } });
  await waitForGithub("lab/report-forty-one", ({ checks }) => checks.length === 1);
  await finish(receipt, FAILED);
  const { checks } = await readGithub("lab/report-forty-one");
  expect(checks.map((check) => [check.name, check["conclusion"], check.external_id])).toEqual([
    ["repx", "failure", `${receipt.id}/*`],
    ["repx / run-0", "failure", `${receipt.id}/run-0`],
    ["repx / run-1", "failure", `${receipt.id}/run-1`],
    ["repx / run-2", "failure", `${receipt.id}/run-2`],
  ]);
});

test.each([
  ["always", DONE, 1],
  ["on-change", DONE, 1],
  ["on-failure", DONE, 0],
  ["on-failure", FAILED, 1],
  ["never", FAILED, 0],
])("with `comment: %s` there are so many comments: %#", async (comment, events, count) => {
  const repository = `lab/report-comment-${comment}-${events === DONE ? "passed" : "failed"}`;
  const receipt = await registerAndWait(repository, 2, { fields: { policy: { comment } } });
  await finish(receipt, events);
  const { comments, checks } = await readGithub(repository);
  expect(checks.map((check) => check.status)).toEqual(["completed", "completed"]);
  expect(comments).toHaveLength(count);
});

test("a comment that would say the same again is left as it is", async () => {
  const first = await registerAndWait("lab/report-same", 2);
  await finish(first, DONE);
  const [before] = (await readGithub("lab/report-same")).comments;
  const second = await registerAndWait("lab/report-same", 2);
  await finish(second, DONE);
  const { comments, writes } = await readGithub("lab/report-same");
  expect(comments).toEqual([before]);
  expect(writes.filter((write) => write.includes("comment"))).toEqual(["create comment"]);
});

test("what a failure's comment said is corrected, also with `comment: on-failure`", async () => {
  const body = "<!-- repx:report -->\n\n**0 of 2 experiments passed, 1 failed**";
  await addComments("lab/report-corrected", [{ id: 5, body, user: { login: "repx-app[bot]" } }]);
  const receipt = await registerAndWait("lab/report-corrected", 2, { fields: { policy: { comment: "on-failure" } } });
  await finish(receipt, DONE);
  const { comments } = await readGithub("lab/report-corrected");
  expect(comments.map((one) => [one.id, one.body.includes("2 of 2 experiments passed")])).toEqual([[5, true]]);
});

test("what is complete is published by a workflow, once, where the repository wishes that", async () => {
  const claims = { repository_id: "4711" };
  const receipt = await registerAndWait("lab/report-published", 2, { claims, fields: { policy: { publish: true } } });
  await finish(receipt, DONE);
  const { writes } = await waitForGithub("lab/report-published", (state) => state.writes.some(isPublish));
  expect(writes.filter(isPublish)).toEqual([
    expect.stringContaining('"pull-request":"7","runs":"simulation analysis","asked-by":"repx"'),
  ]);
  const other = await registerAndWait("lab/report-unpublished");
  await finish(other, DONE);
  expect((await readGithub("lab/report-unpublished")).writes.filter(isPublish)).toEqual([]);
});
