import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { PullRequest } from "../harness/github-emulator.ts";
import { type CoordinatorStand, renderEvent, renderRegistration, startCoordinatorStand } from "./coordinator-stand.ts";
import { waitUntil } from "../harness/wait-until.ts";

let stand: CoordinatorStand;
let pullRequest: PullRequest;
beforeAll(async () => {
  stand = await startCoordinatorStand();
  pullRequest = await stand.openPullRequest("study");
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
});

async function refuse(token: string, body = renderRegistration(pullRequest, 2)) {
  return stand.send("POST", "/api/submissions", token, body);
}

test("follows two submissions of a pull request from their registration to one comment", async () => {
  onTestFailed(async () => console.error(await stand.coordinator.readLogs()));
  const first = await stand.register(pullRequest, 2);
  expect(first.url).toBe(`${stand.proxy.url}/lab/study/pull/${pullRequest.number}/checks`);
  expect(await stand.waitForChecks(pullRequest, (lines) => lines.length === 2)).toEqual([
    expect.stringMatching(/^repx \/ analysis: queued - .*1 of 1 job/),
    expect.stringMatching(/^repx \/ simulation: queued - .*2 of 2 jobs/),
  ]);
  await stand.report(first, [renderEvent(1, "COMPLETED"), renderEvent(2, "RUNNING")]);
  await stand.waitForChecks(
    pullRequest,
    (lines) => lines[1]?.startsWith("repx / simulation: in_progress") === true && lines[1].includes("1 of 2 jobs"),
  );
  await stand.report(first, [renderEvent(2, "FAILED", { exitCode: 3, logTail: "no grid.txt" })]);
  await stand.report(first, [renderEvent(0, "CANCELLED", { reason: "DependencyNeverSatisfied" })]);
  await stand.waitForChecks(pullRequest, (lines) => lines.every((line) => line.includes("completed failure")));
  const comments = async () => stand.github.readComments(pullRequest.number);
  await expect.poll(async () => (await comments()).length, { timeout: 10_000 }).toBe(1);
  const [before] = await comments();
  expect(before).toMatchObject({ user: { login: "repx-app[bot]" }, body: expect.stringContaining(first.id) });
  const second = await stand.register(pullRequest, 2);
  await stand.report(
    second,
    [0, 1, 2].map((nth) => renderEvent(nth, "COMPLETED")),
  );
  await stand.waitForChecks(
    pullRequest,
    (lines) => lines.filter((line) => line.includes("completed success")).length === 2,
  );
  await expect
    .poll(async () => (await comments()).map((one) => one.body.includes(second.id)), { timeout: 10_000 })
    .toEqual([true]);
  expect((await comments())[0]?.id).toBe(before?.id);
});

test("refuses what is not a fresh ID token of its own issuer for itself", async () => {
  const aud = stand.coordinator.url;
  const { issuer } = stand;
  const signed = await issuer.sign({ aud });
  const tampered = `${signed.slice(0, -8)}${signed.slice(-8).toLowerCase()}x`;
  const now = Math.floor(Date.now() / 1000);
  const codes = await Promise.all(
    [
      issuer.sign({ aud: "https://elsewhere.example" }),
      issuer.sign({ aud, iat: now - 900, nbf: now - 900, exp: now - 600 }),
      issuer.sign({ aud, iss: "https://elsewhere.example" }),
      issuer.forge({ aud }),
      Promise.resolve(tampered),
    ].map(async (token) => (await refuse(await token)).body["error"]),
  );
  expect(codes).toMatchObject([
    { code: "AUTH_AUDIENCE_WRONG" },
    ...Array.from({ length: 4 }, () => ({ code: "AUTH_OIDC_INVALID" })),
  ]);
});

test("refuses an ID token the second time", async () => {
  const token = await stand.issuer.sign({ aud: stand.coordinator.url });
  expect((await refuse(token)).status).toBe(201);
  expect(await refuse(token)).toMatchObject({ status: 401, body: { error: { code: "AUTH_OIDC_INVALID" } } });
});

test("refuses a repository where the App is not installed", async () => {
  const token = await stand.issuer.sign({ aud: stand.coordinator.url, repository: "octocat/elsewhere" });
  expect(await refuse(token)).toMatchObject({ status: 403, body: { error: { code: "AUTH_APP_NOT_INSTALLED" } } });
});

test("takes events with their submission's token alone, and each once", async () => {
  const [mine, other] = [await stand.register(pullRequest, 2), await stand.register(pullRequest, 2)];
  const stolen = await stand.report({ ...mine, token: other.token }, [renderEvent(1, "COMPLETED")]);
  expect(stolen).toMatchObject({ status: 401, body: { error: { code: "AUTH_TOKEN_INVALID" } } });
  const events = [renderEvent(1, "COMPLETED"), renderEvent(9, "COMPLETED"), renderEvent(1, "COMPLETED")];
  expect((await stand.report(mine, events)).body).toMatchObject({
    accepted: 1,
    duplicates: 1,
    rejected: [{ line: 2 }],
  });
  const view = await stand.send("GET", `/api/submissions/${mine.id}`, mine.token);
  expect(view.body).toMatchObject({ isConcluded: false, runs: [{ counts: { succeeded: 1, queued: 1 } }, {}] });
});

test("writes neither a token nor a log's text into its own log", async () => {
  const receipt = await stand.register(pullRequest, 1);
  await stand.report(receipt, [renderEvent(1, "FAILED", { logTail: "a very private line" })]);
  let logs = "";
  await waitUntil({ what: "the answer in the log", timeoutSeconds: 10 }, async () => {
    logs = await stand.coordinator.readLogs();
    return logs.includes(`"${receipt.id}","status":200`);
  });
  expect(logs).not.toContain(receipt.token);
  expect(logs).not.toContain("a very private line");
});
