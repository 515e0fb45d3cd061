import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterAll, expect, test } from "vitest";
import {
  event,
  jobId,
  objectOf,
  register,
  registerAndWait,
  report,
  send,
  sendUnread,
  settleAll,
  view,
} from "./coordinator.fixture.ts";

afterAll(settleAll);

async function status(receipt: { id: string }, token: string | undefined): Promise<number[]> {
  const events = await send("POST", `/api/submissions/${receipt.id}/events`, token, JSON.stringify(event(1)));
  const read = await send("GET", `/api/submissions/${receipt.id}`, token);
  const answers = [events, read];
  for (const answer of answers.filter((one) => one.status >= 400)) {
    expect(await answer.json()).toMatchObject({ error: { code: "AUTH_TOKEN_INVALID" } });
  }
  return answers.map((answer) => answer.status);
}

test("folds events into states", async () => {
  const receipt = await register("lab/fold", 3);
  const lines = [event(1), event(2, { state: "RUNNING" }), event(3, { state: "FAILED", exitCode: 7 })];
  expect(await report(receipt, lines)).toEqual({ accepted: 3, duplicates: 0, rejected: [] });
  const seen = await view(receipt);
  expect(seen.jobs.map((job) => job.state)).toEqual(["succeeded", "running", "failed", "queued"]);
  expect(seen.runs[0]).toMatchObject({ verdict: "running", counts: { succeeded: 1, running: 1, failed: 1 } });
  expect(seen.isConcluded).toBe(false);
});

test("knows an event again by its id", async () => {
  const receipt = await register("lab/again");
  await report(receipt, [event(1)]);
  const again = await report(receipt, [
    event(1),
    event(1, { state: "FAILED", id: "1.1.COMPLETED" }),
    event(2),
    event(2),
  ]);
  expect(again).toEqual({ accepted: 1, duplicates: 3, rejected: [] });
  expect((await view(receipt)).jobs.map((job) => job.state)).toEqual(["succeeded", "succeeded", "queued"]);
});

test("gives one state for the same events in any order", async () => {
  const events = [
    event(1, { state: "RUNNING", at: "2026-11-01T09:00:00Z" }),
    event(1, { state: "NODE_FAIL", at: "2026-11-01T09:30:00Z" }),
    event(1, { state: "RUNNING", attempt: 2, at: "2026-11-01T09:40:00Z" }),
    event(1, { attempt: 2 }),
  ];
  const orders = [events, events.toReversed(), [events[2], events[0], events[3], events[1]]];
  const seen = [];
  for (const [index, order] of orders.entries()) {
    const receipt = await register(`lab/order-${index}`, 1);
    for (const one of order) await report(receipt, [one ?? {}]);
    seen.push((await view(receipt)).jobs[0]);
  }
  expect(seen).toEqual(orders.map(() => ({ id: jobId(1), state: "succeeded", attempt: 2 })));
});

test("names the bad lines of a batch and takes the others", async () => {
  const receipt = await register("lab/lines");
  const lines = ["{not json", "", event(1), event(77), event(2, { at: "yesterday" }), "[]"];
  const { accepted, rejected } = await report(receipt, lines);
  expect(accepted).toBe(1);
  expect(rejected).toEqual([
    { line: 1, message: "not JSON" },
    { line: 4, message: `job: not a job of this submission: ${jobId(77)}` },
    { line: 5, message: expect.stringMatching(/^at: /) },
    { line: 6, message: expect.stringContaining("object") },
  ]);
});

test("refuses a wrong token, the token of another submission, and none", async () => {
  const [receipt, other] = [await register("lab/token"), await register("lab/token")];
  for (const token of ["wrong", other.token, undefined]) expect(await status(receipt, token)).toEqual([401, 401]);
  expect(await status(receipt, receipt.token)).toEqual([200, 200]);
});

test("answers an unknown submission as it answers a wrong token, and stores nothing for it", async () => {
  const [unknown, receipt] = [{ id: `s${"0".repeat(25)}` }, await register("lab/unknown")];
  expect(await status(unknown, receipt.token)).toEqual([401, 401]);
  expect(await status({ id: "nonsense" }, receipt.token)).toEqual([401, 401]);
  const object = objectOf(unknown);
  const tables = await runInDurableObject(object, (_, state) =>
    state.storage.sql.exec("SELECT * FROM sqlite_master").toArray(),
  );
  expect(tables).toEqual([]);
});

const DAY = 24 * 3_600_000;

test("I-42: takes a submission's token after 29 days in a queue, and refuses it when its 30 days are over", async () => {
  const receipt = await registerAndWait("lab/expired");
  expect(Date.parse(receipt.expiresAt) - Date.now()).toBeGreaterThan(30 * DAY - 3_600_000);
  const age = async (days: number) =>
    runInDurableObject(objectOf(receipt), (_, state) => {
      state.storage.sql.exec("UPDATE submission SET expires_at = expires_at - ?", days * DAY);
    });
  await age(29);
  expect(await status(receipt, receipt.token)).toEqual([200, 200]);
  // When it is over, nothing is told any more.
  await settleAll();
  await age(1);
  expect(await status(receipt, receipt.token)).toEqual([401, 401]);
});

test("stores the token as a hash alone", async () => {
  const receipt = await register("lab/hash");
  expect(receipt.token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const rows = await runInDurableObject(objectOf(receipt), (_, state) =>
    JSON.stringify(state.storage.sql.exec("SELECT * FROM submission").toArray()),
  );
  expect(rows).not.toContain(receipt.token);
});

test("keeps everything when its memory is lost", async () => {
  const receipt = await register("lab/evicted");
  await report(receipt, [event(1)]);
  await evictDurableObject(objectOf(receipt));
  expect(await report(receipt, [event(1), event(2)])).toMatchObject({ accepted: 1, duplicates: 1 });
  expect((await view(receipt)).jobs.map((job) => job.state)).toEqual(["succeeded", "succeeded", "queued"]);
});

test("reads nothing of the body of a request whose token is wrong", async () => {
  const receipt = await register("lab/unread");
  for (const id of [receipt.id, `s${"0".repeat(25)}`, "nonsense"]) {
    expect(await sendUnread(`/api/submissions/${id}/events`, "wrong")).toEqual({ status: 401, readBytes: 0 });
  }
});

test("refuses a batch of more than 1,000 lines, empty ones too, and says how many there were", async () => {
  const receipt = await register("lab/many");
  for (const body of ["0\n".repeat(1001), "\n".repeat(1001), `${"\n".repeat(1000)}0`]) {
    const answer = await send("POST", `/api/submissions/${receipt.id}/events`, receipt.token, body);
    expect(answer.status).toBe(413);
    const error = { code: "COORD_REQUEST_TOO_LARGE", message: "the batch has 1001 lines, more than 1000" };
    expect(await answer.json()).toMatchObject({ error });
  }
});

test("names every line of the largest batch that it rejects, each in few words", async () => {
  const receipt = await register("lab/rejected");
  const stranger = `${jobId(77)}${"x".repeat(155)}`;
  const lines = Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? "{}" : event(1, { job: stranger })));
  const { accepted, rejected } = await report(receipt, lines);
  expect(accepted).toBe(0);
  expect(rejected.map(({ line }) => line)).toEqual(lines.map((_, index) => index + 1));
  for (const { message } of rejected) expect(message.length).toBeLessThanOrEqual(200);
});

test("refuses a batch of more than 2 MB", async () => {
  const receipt = await register("lab/batch");
  const answer = await send("POST", `/api/submissions/${receipt.id}/events`, receipt.token, "\n".repeat(2_000_001));
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ error: { code: "COORD_REQUEST_TOO_LARGE" } });
});

test("answers an unknown route in its own words, with headers that keep it to itself", async () => {
  const answer = await send("GET", "/api/nothing");
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ error: { code: "COORD_NOT_FOUND" } });
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
});

test("says that it is well", async () => {
  expect(await (await send("GET", "/healthz")).json()).toMatchObject({ ok: true });
});
