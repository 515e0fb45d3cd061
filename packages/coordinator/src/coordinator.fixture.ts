// What the tests inside workerd share: requests as the Action and the relay send them, and GitHub as it sees it.
import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { EventReceipt, SubmissionReceipt, SubmissionView, type JobEvent } from "@repx/core/model";
import { importPKCS8, SignJWT, type JWTPayload } from "jose";
import * as z from "zod";
import { app } from "./app.ts";
import { RepositoryState, type Fault } from "./github/fake-github.fixture.ts";

const { TEST_ID_TOKEN_KEY } = z.object({ TEST_ID_TOKEN_KEY: z.string() }).parse(env);

/** The head of every pull request here. */
export const HEAD_SHA = "0123456789abcdef0123456789abcdef01234567";

/** Sends a request to the Worker. */
export async function send(method: string, path: string, token?: string, body?: string): Promise<Response> {
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const url = `https://coordinator.test${path}`;
  return exports.default.fetch(new Request(url, { method, headers, ...(body !== undefined && { body }) }));
}

/** Sends a body without end to the Worker, and tells how much of it was read before the answer came. */
export async function sendUnread(path: string, token?: string): Promise<{ status: number; readBytes: number }> {
  const chunk = new TextEncoder().encode("0\n".repeat(500));
  let readBytes = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        readBytes += chunk.length;
        controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const request = new Request(`https://coordinator.test${path}`, { method: "POST", headers, body });
  const { status } = await app.fetch(request, env);
  return { status, readBytes };
}

/** Signs an ID token as GitHub does for a job of pull request 7. */
export async function signIdToken(claims: JWTPayload = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: "https://issuer.test",
    aud: "https://coordinator.test",
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 300,
    repository: "lab/study",
    repository_id: "1",
    repository_owner_id: "2",
    actor_id: "3",
    run_id: "77",
    run_attempt: "1",
    ref: "refs/pull/7/merge",
    sha: HEAD_SHA,
    event_name: "pull_request",
    actor: "octocat",
    ...claims,
  };
  const key = await importPKCS8(TEST_ID_TOKEN_KEY, "RS256");
  return new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: "one" }).sign(key);
}

/** A job's id, `nth` makes it unique. */
export function jobId(nth: number): string {
  return `${String(nth).padStart(32, "0")}-walk-1.0`;
}

function job(id: string, dependsOn: readonly string[]): object {
  return { id, stage: "walk-1.0", parameters: {}, dependsOn, isReused: false };
}

/** A registration of run `simulation` with so many jobs, and of run `analysis` with one job that needs some of them. */
export function submissionBody(count: number, fields: object = {}): string {
  const simulation = Array.from({ length: count }, (_, index) => jobId(index + 1));
  return JSON.stringify({
    lab: "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5",
    target: "cluster",
    headSha: HEAD_SHA,
    pullRequest: 7,
    runs: [
      { name: "simulation", jobs: simulation },
      { name: "analysis", jobs: [jobId(0)] },
    ],
    jobs: [...simulation.map((id) => job(id, [])), job(jobId(0), simulation.slice(0, 100))],
    ...fields,
  });
}

/** Registers a submission in a repository; `fields` go into its body. */
export async function register(
  repository: string,
  count = 2,
  { claims = {}, fields = {} }: { readonly claims?: JWTPayload; readonly fields?: object } = {},
): Promise<SubmissionReceipt> {
  const token = await signIdToken({ repository, ...claims });
  const answer = await send("POST", "/api/submissions", token, submissionBody(count, fields));
  return SubmissionReceipt.parse(await answer.json());
}

/** An event of the nth job; its id is made of job, attempt and state unless given. */
export function event(nth: number, fields: Partial<Record<keyof JobEvent, unknown>> = {}): object {
  const { state = "COMPLETED", attempt = 1 } = fields;
  return {
    id: `${nth}.${String(attempt)}.${String(state)}`,
    job: jobId(nth),
    attempt,
    state,
    at: "2026-11-01T10:00:00Z",
    slurmId: String(100 + nth),
    ...(state === "COMPLETED" && { marker: "SUCCESS", exitCode: 0 }),
    ...fields,
  };
}

/** Reports events, one a line; a text is sent as it is. */
export async function report(receipt: SubmissionReceipt, lines: readonly (object | string)[]): Promise<EventReceipt> {
  const body = lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
  const answer = await send("POST", `/api/submissions/${receipt.id}/events`, receipt.token, body);
  return EventReceipt.parse(await answer.json());
}

/** Reads where a submission stands. */
export async function view(receipt: SubmissionReceipt): Promise<SubmissionView> {
  return SubmissionView.parse(await (await send("GET", `/api/submissions/${receipt.id}`, receipt.token)).json());
}

/** The object of a submission. */
export function objectOf(receipt: { readonly id: string }) {
  return env.SUBMISSIONS.getByName(receipt.id);
}

/** Reads what GitHub holds of a repository, and what was written to it in order. */
export async function readGithub(repository: string): Promise<RepositoryState> {
  return RepositoryState.parse(await (await fetch(`https://control.test/control/${repository}`)).json());
}

/** Makes GitHub meet the next writes with faults. */
export async function setFaults(repository: string, faults: readonly Fault[]): Promise<void> {
  await fetch(`https://control.test/control/${repository}/faults`, { method: "PUT", body: JSON.stringify(faults) });
}

/** Sets GitHub's list of the App's webhook deliveries. */
export async function setDeliveries(deliveries: readonly object[]): Promise<void> {
  await fetch("https://control.test/control/deliveries", { method: "PUT", body: JSON.stringify(deliveries) });
}

/** Puts comments of others under the pull request. */
export async function addComments(repository: string, comments: RepositoryState["comments"]): Promise<void> {
  await fetch(`https://control.test/control/${repository}/comments`, { method: "PUT", body: JSON.stringify(comments) });
}

/** Asks GitHub until it is as wanted; fails at the deadline with what it is. */
export async function waitForGithub(
  repository: string,
  isWanted: (state: RepositoryState) => boolean,
): Promise<RepositoryState> {
  for (let tries = 0; tries < 500; tries += 1) {
    const state = await readGithub(repository);
    if (isWanted(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`GitHub stays at ${JSON.stringify(await readGithub(repository))}`);
}

/** How far telling GitHub has come. */
export async function readDelivery(receipt: { readonly id: string }): Promise<Record<string, number>> {
  return runInDurableObject(objectOf(receipt), (_, state) =>
    state.storage.sql.exec<Record<string, number>>("SELECT * FROM delivery").one(),
  );
}

/** Registers, and waits until both checks are at GitHub and nothing is left to tell. */
export async function registerAndWait(...registration: Parameters<typeof register>): Promise<SubmissionReceipt> {
  const receipt = await register(...registration);
  await waitForRest(receipt);
  return receipt;
}

async function waitForRest(receipt: { readonly id: string }): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { revision, delivered_revision: delivered } = await readDelivery(receipt);
    if (revision === delivered) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`GitHub was not told all of ${receipt.id}`);
}

/** Tells GitHub at once what is left, so that no alarm goes off after the last test of a file. */
export async function settleAll(): Promise<void> {
  for (const id of await listDurableObjectIds(env.SUBMISSIONS)) {
    const stub = env.SUBMISSIONS.get(id);
    const row = await runInDurableObject(stub, (_, { storage: { sql } }) =>
      sql.exec("SELECT name FROM sqlite_master WHERE name = 'submission'").toArray().length === 0
        ? undefined
        : sql.exec<{ id: string }>("SELECT id FROM submission").one(),
    );
    if (row === undefined) continue;
    await runDurableObjectAlarm(stub);
    await waitForRest(row);
  }
}
