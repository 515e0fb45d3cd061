import { RepxError } from "@repx/core/model";
import * as z from "zod";
import { readConfig } from "../config.ts";
import { renderIssues } from "../issues.ts";
import { writeLog } from "../log.ts";
import { readBytes } from "../read-body.ts";
import { isSigned } from "./signature.ts";
import { readTask, type Reading } from "./task.ts";

/** GitHub sends at most 25 MB; of the events that we read none comes near this. */
const MAX_BODY_BYTES = 5_000_000;

const Headers = z.object({
  event: z.string().regex(/^[a-z_]{1,100}$/),
  delivery: z.string().regex(/^[0-9A-Za-z-]{1,100}$/),
});

/** What GitHub is answered; it shows this beside the delivery. */
export interface WebhookAnswer {
  readonly status: 200 | 202;
  readonly body: { readonly outcome: "pong" | "stored" | "known" | "ignored"; readonly reason?: string };
}

/** Takes a webhook: verified by its signature before it is parsed, stored once, done later. */
export async function acceptWebhook(request: Request, env: Cloudflare.Env): Promise<WebhookAnswer> {
  const config = readConfig(env);
  const secret = config.GITHUB_WEBHOOK_SECRET;
  if (secret === undefined) throw refuseUnconfigured();
  const signature = request.headers.get("x-hub-signature-256") ?? undefined;
  if (signature === undefined) throw refuseSignature("there is none");
  const bytes = await readBytes(request, MAX_BODY_BYTES);
  if (!isSigned(secret, bytes, signature)) throw refuseSignature("it is not that of this body");
  const headers = Headers.safeParse({
    event: request.headers.get("x-github-event"),
    delivery: request.headers.get("x-github-delivery"),
  });
  if (!headers.success) throw refusePayload(renderIssues(headers.error), headers.error);
  const { event, delivery } = headers.data;
  if (event === "ping") return { status: 200, body: { outcome: "pong" } };
  const reading = parseReading(event, bytes, Number(config.GITHUB_APP_ID));
  if ("ignored" in reading) return { status: 202, body: { outcome: "ignored", reason: reading.ignored } };
  const { place, work } = reading;
  const isNew = await env.WEBHOOKS.getByName(String(place.repositoryId)).accept(delivery, place, work);
  writeLog("webhook", { delivery, event, task: work.kind, repository: place.repository, isNew });
  return isNew ? { status: 202, body: { outcome: "stored" } } : { status: 200, body: { outcome: "known" } };
}

function parseReading(event: string, bytes: Uint8Array, appId: number): Reading {
  try {
    const payload: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return readTask(event, payload, appId);
  } catch (thrown) {
    if (thrown instanceof z.ZodError) throw refusePayload(renderIssues(thrown), thrown);
    if (thrown instanceof SyntaxError) throw refusePayload("the body is not JSON", thrown);
    throw thrown;
  }
}

function refuseUnconfigured(): RepxError {
  return new RepxError("COORD_NOT_CONFIGURED", "this coordinator takes no webhooks: GITHUB_WEBHOOK_SECRET is not set", {
    hint: "Set the App's webhook secret here too: `wrangler secret put GITHUB_WEBHOOK_SECRET`.",
  });
}

function refuseSignature(reason: string): RepxError {
  return new RepxError("AUTH_SIGNATURE_INVALID", `the webhook's signature is refused: ${reason}`, {
    hint: "The App's webhook secret and GITHUB_WEBHOOK_SECRET must be the same; the content type must be application/json.",
  });
}

function refusePayload(reason: string, cause: unknown): RepxError {
  return new RepxError("COORD_REQUEST_INVALID", `the webhook cannot be read: ${reason}`, {
    hint: "Set the App's webhook content type to application/json; if it is, this GitHub's payloads have changed.",
    cause,
  });
}
