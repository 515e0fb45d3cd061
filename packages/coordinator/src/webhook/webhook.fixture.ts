// Webhooks as GitHub sends them: recorded ones and ones of our own checks, signed.
import { createHash, createHmac, randomUUID } from "node:crypto";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import * as z from "zod";
import { HEAD_SHA } from "../coordinator.fixture.ts";

const Recorded = z.array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }));

/** Payloads that GitHub sent to others, by event; @octokit/webhooks-examples records them. */
export const RECORDED = new Map(
  z
    .object({ TEST_WEBHOOKS: Recorded })
    .parse(env)
    .TEST_WEBHOOKS.map(({ name, examples }) => [name, examples]),
);

/** The secret that the tests' coordinator has. */
export const SECRET = "webhook-secret-of-the-tests";

/** The repository's number in every ID token of the tests. */
export const REPOSITORY_ID = 1;

const IDS: ReadonlyMap<string, number> = new Map([
  ["octocat", 1],
  ["owner", 2],
  ["reader", 3],
]);

interface Sending {
  readonly delivery?: string;
  readonly signature?: string | undefined;
  readonly secret?: string;
}

/** Sends a webhook, signed unless said otherwise. */
export async function sendWebhook(event: string, payload: object | string, sending: Sending = {}): Promise<Response> {
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  const { delivery = randomUUID(), secret = SECRET } = sending;
  const hex = createHmac("sha256", secret).update(body).digest("hex");
  const signature = "signature" in sending ? sending.signature : `sha256=${hex}`;
  const headers = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": delivery,
    ...(signature !== undefined && { "x-hub-signature-256": signature }),
  };
  return exports.default.fetch(new Request("https://coordinator.test/webhook", { method: "POST", headers, body }));
}

/** What the coordinator did with a webhook, in its own word. */
export async function outcomeOf(answer: Response): Promise<string> {
  const { outcome } = z.object({ outcome: z.string() }).parse(await answer.json());
  return `${answer.status} ${outcome}`;
}

/** The fields that every payload has; the person presses the button. */
export function renderPlace(repository: string, login: string, repositoryId = REPOSITORY_ID): object {
  return {
    repository: { id: repositoryId, full_name: repository, default_branch: "main" },
    installation: { id: 100 },
    sender: { id: IDS.get(login) ?? numberOf(login), login, type: login.endsWith("[bot]") ? "Bot" : "User" },
  };
}

/** A number for a repository that no other of the tests has. */
export function numberOf(repository: string): number {
  return 10 + createHash("sha256").update(repository).digest().readUInt32BE();
}

/** The payload of a press on `Re-run`, or on a button when one is named. */
export function press(
  repository: string,
  externalId: string,
  login: string,
  button?: string,
  app: object = { id: 12_345, slug: "repx-app" },
  repositoryId = REPOSITORY_ID,
): object {
  return {
    action: button === undefined ? "rerequested" : "requested_action",
    check_run: { id: 1, head_sha: HEAD_SHA, external_id: externalId, app },
    ...(button !== undefined && { requested_action: { identifier: button } }),
    ...renderPlace(repository, login, repositoryId),
  };
}

/** Does at once what webhooks of the repository have left to do, but for what is due in a day. */
export async function carryOutAll(repositoryId = REPOSITORY_ID): Promise<void> {
  await takeNow(repositoryId, "NOT LIKE");
}

/** Lets a day pass. */
export async function expireAll(): Promise<void> {
  await takeNow(REPOSITORY_ID, "LIKE");
}

async function takeNow(repositoryId: number, like: "LIKE" | "NOT LIKE"): Promise<void> {
  const stub = env.WEBHOOKS.getByName(String(repositoryId));
  await runInDurableObject(stub, async (_, { storage }) => {
    // Nothing was ever stored where every webhook was ignored.
    if (storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'task'").toArray().length === 0) return;
    storage.sql.exec(`UPDATE task SET due_at = 0 WHERE id ${like} 'expire:%'`);
    await storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(stub);
}

/** The tasks that wait. */
export async function readTasks(
  repositoryId = REPOSITORY_ID,
): Promise<{ id: string; tries: number; due_at: number }[]> {
  return runInDurableObject(env.WEBHOOKS.getByName(String(repositoryId)), (_, { storage }) =>
    storage.sql
      .exec<{ id: string; tries: number; due_at: number }>("SELECT id, tries, due_at FROM task ORDER BY id")
      .toArray(),
  );
}
