import { afterAll, expect, test } from "vitest";
import { event, jobId, registerAndWait, report, send, settleAll, signIdToken } from "../coordinator.fixture.ts";

afterAll(settleAll);

const LAB = "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5";

async function ask(repositoryId: string, query: string, lab = LAB): Promise<{ status: number; body: unknown }> {
  const token = await signIdToken({ repository_id: repositoryId });
  const answer = await send("GET", `/api/labs/${lab}?${query}`, token);
  return { status: answer.status, body: await answer.json() };
}

test("a merge queue is answered for a Lab whose runs have passed, with their metrics", async () => {
  const receipt = await registerAndWait("lab/queue-one", 2, { claims: { repository_id: "71" } });
  const query = "target=cluster&run=simulation&run=analysis";
  expect(await ask("71", query)).toMatchObject({ status: 404, body: { error: { code: "COORD_NOT_FOUND" } } });
  await report(receipt, [event(1), event(2), event(0, { metricsText: '{"speed": 1}' })]);
  const answer = await ask("71", query);
  expect(answer).toEqual({
    status: 200,
    body: {
      submission: receipt.id,
      jobs: [{ id: jobId(1) }, { id: jobId(2) }, { id: jobId(0), metricsText: '{"speed": 1}' }],
    },
  });
});

test("nobody is answered for a run that failed, another target, another Lab or another repository", async () => {
  const receipt = await registerAndWait("lab/queue-two", 2, { claims: { repository_id: "72" } });
  await report(receipt, [event(1), event(2), event(0, { state: "FAILED" })]);
  const statuses = await Promise.all([
    ask("72", "target=cluster&run=simulation"),
    ask("72", "target=cluster&run=simulation&run=analysis"),
    ask("72", "target=cluster&run=unheard-of"),
    ask("72", "target=elsewhere&run=simulation"),
    ask("72", "target=cluster&run=simulation", "1c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5"),
    ask("73", "target=cluster&run=simulation"),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([200, 404, 404, 404, 404, 404]);
});

test("a question without a run, or without an ID token, is refused", async () => {
  expect(await ask("71", "target=cluster")).toMatchObject({ body: { error: { code: "COORD_REQUEST_INVALID" } } });
  const answer = await send("GET", `/api/labs/${LAB}?target=cluster&run=simulation`, "none");
  expect(await answer.json()).toMatchObject({ error: { code: "AUTH_OIDC_INVALID" } });
});
