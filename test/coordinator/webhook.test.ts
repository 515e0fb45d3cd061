import { createHmac, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { type CoordinatorStand, renderEvent, startCoordinatorStand, WEBHOOK_SECRET } from "./coordinator-stand.ts";

let stand: CoordinatorStand;
beforeAll(async () => {
  stand = await startCoordinatorStand();
});
afterAll(async () => {
  await stand[Symbol.asyncDispose]();
});

/** Sends a webhook as GitHub does; the answer is `status outcome-or-code`. */
async function sendWebhook(payload: object, delivery: string, secret = WEBHOOK_SECRET): Promise<string> {
  const body = JSON.stringify(payload);
  const answer = await fetch(`${stand.coordinator.url}/webhook`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "check_run",
      "x-github-delivery": delivery,
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  return `${answer.status} ${await answer.text()}`;
}

test("a press on Re-run is verified, asked about at GitHub, and starts the workflow", async () => {
  onTestFailed(async () => console.error(await stand.coordinator.readLogs()));
  const pullRequest = await stand.openPullRequest("webhook");
  const receipt = await stand.register(pullRequest, 1);
  const events = [renderEvent(1, "FAILED", { exitCode: 3 }), renderEvent(0, "COMPLETED")];
  await stand.report(receipt, events);
  await stand.waitForChecks(pullRequest, (lines) => lines.every((line) => line.includes(" completed ")));
  const { app, actor, actorId, fullName, repositoryId } = stand.github;
  const payload = {
    action: "rerequested",
    check_run: {
      id: 1,
      head_sha: pullRequest.headSha,
      external_id: `${receipt.id}/simulation`,
      app: { id: app.id, slug: app.slug },
    },
    repository: { id: repositoryId, full_name: fullName },
    installation: { id: app.installationId },
    sender: { id: actorId, login: actor },
  };
  const delivery = randomUUID();
  expect(await sendWebhook(payload, delivery, "another secret")).toContain("401 ");
  expect(await sendWebhook(payload, delivery)).toContain("202 ");
  expect(await sendWebhook(payload, delivery)).toContain("200 ");
  await stand.waitForChecks(pullRequest, (lines) => lines.some((line) => line.includes("re-run asked by")));
  const said = (await stand.github.readCheckRuns(pullRequest.headSha)).filter(({ status }) => status === "queued");
  expect(said.map(({ name }) => name)).toEqual(["repx / simulation"]);
  expect(said[0]?.output.summary).toMatch(new RegExp(`asked by @\u200b${actor} at .*experiment\\.yml`));
  await expect.poll(() => stand.proxy.dispatches.length, { timeout: 10_000 }).toBe(1);
  const inputs = {
    "head-sha": pullRequest.headSha,
    "pull-request": String(pullRequest.number),
    runs: "simulation",
    "asked-by": actor,
  };
  expect(stand.proxy.dispatches).toMatchObject([
    { repository: fullName, workflow: "experiment.yml", body: { ref: "main", inputs } },
  ]);
});
