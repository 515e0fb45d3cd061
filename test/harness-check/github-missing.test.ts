import { createHash, createPrivateKey, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type GitHubEmulator, startGitHubEmulator } from "../harness/github-emulator.ts";
import { type GitHubRules, startGitHubRules } from "../harness/github-rules.ts";
import { signAppToken } from "../harness/github-seed.ts";

let github: GitHubEmulator;
let rules: GitHubRules;
beforeAll(async () => {
  github = await startGitHubEmulator();
  rules = await startGitHubRules(github);
});
afterAll(async () => {
  await rules[Symbol.asyncDispose]();
  await github[Symbol.asyncDispose]();
});

async function ask(method: string, path: string, token: string | undefined, body?: object) {
  const isForm = body instanceof URLSearchParams;
  const answer = await fetch(`${rules.url}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(!isForm && { "content-type": "application/json" }),
      accept: "application/json",
    },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    redirect: "manual",
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

test("keeps dispatches of who may ask for them", async () => {
  const [event, workflow] = ["/repos/lab/study/dispatches", "/repos/lab/study/actions/workflows/sweep.yml/dispatches"];
  const body = { event_type: "repx-reconcile", client_payload: { submission: "s1" } };
  const none = rules.issueToken({ appId: 1, permissions: { contents: "read" } });
  const all = rules.issueToken({ appId: 1, permissions: { contents: "write", actions: "write" } });
  expect((await ask("POST", event, none, body)).status).toBe(403);
  expect((await ask("POST", workflow, none, { ref: "main" })).status).toBe(403);
  expect((await ask("POST", event, all, body)).status).toBe(204);
  expect((await ask("POST", workflow, all, { ref: "main" })).status).toBe(204);
  expect(rules.dispatches).toMatchObject([
    { repository: "lab/study", body },
    { repository: "lab/study", workflow: "sweep.yml", body: { ref: "main" } },
  ]);
  expect((await ask("POST", event, all, { event_type: "x".repeat(101) })).status).toBe(422);
  const large = { event_type: "large", client_payload: { log: "x".repeat(65_536) } };
  expect((await ask("POST", event, all, large)).status).toBe(422);
  expect(rules.takeViolations()).toHaveLength(2);
});

test("makes an App of a manifest, whose code is good once", async () => {
  const manifest = {
    url: "https://coordinator.test",
    redirect_url: "https://coordinator.test/setup/done",
    hook_attributes: { url: "https://coordinator.test/webhook" },
    default_permissions: { checks: "write" },
    default_events: ["check_run"],
  };
  const form = new URLSearchParams({ manifest: JSON.stringify(manifest) });
  const sent = await ask("POST", "/settings/apps/new?state=abc", undefined, form);
  const back = new URL(sent.headers.get("location") ?? "");
  expect([sent.status, back.origin + back.pathname, back.searchParams.get("state")]).toEqual([
    302,
    manifest.redirect_url,
    "abc",
  ]);
  const conversion = `/app-manifests/${back.searchParams.get("code")}/conversions`;
  const made = await ask("POST", conversion, undefined);
  expect(made.status).toBe(201);
  const app = z
    .looseObject({ id: z.number(), pem: z.string(), webhook_secret: z.string() })
    .parse(JSON.parse(made.text));
  expect(app).toMatchObject({
    id: github.app.id,
    slug: "repx-app",
    permissions: { checks: "write" },
    events: ["check_run"],
  });
  expect(createPrivateKey(app.pem).asymmetricKeyType).toBe("rsa");
  expect((await ask("POST", conversion, undefined)).status).toBe(404);
  const wrong = new URLSearchParams({ manifest: JSON.stringify({ url: "no address" }) });
  expect((await ask("POST", "/settings/apps/new", undefined, wrong)).status).toBe(422);
});

test("lists an App's deliveries in pages, and keeps which were asked for again", async () => {
  const jwt = await signAppToken(github.app);
  for (let id = 1; id <= 3; id += 1) {
    const times = { delivered_at: new Date(id).toISOString(), guid: `guid-${id}` };
    rules.addDelivery({ id, event: "check_run", action: "rerequested", status_code: 502, ...times });
  }
  const first = await ask("GET", "/app/hook/deliveries?per_page=2", jwt);
  expect(JSON.parse(first.text)).toMatchObject([{ id: 3 }, { id: 2, guid: "guid-2", status_code: 502 }]);
  const next = /<(?<path>[^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.groups?.["path"] ?? "";
  expect(JSON.parse((await ask("GET", next, jwt)).text)).toMatchObject([{ id: 1 }]);
  expect((await ask("POST", "/app/hook/deliveries/2/attempts", jwt)).status).toBe(202);
  expect((await ask("POST", "/app/hook/deliveries/3/attempts", github.token)).status).toBe(401);
  expect(rules.redelivered).toEqual([2]);
});

/** Signs in as a browser does, up to the code. */
async function signIn(challenge: string | undefined): Promise<string> {
  const state = randomBytes(8).toString("hex");
  const query = new URLSearchParams({ client_id: "Iv1", redirect_uri: "https://coordinator.test/callback", state });
  if (challenge !== undefined) {
    query.set("code_challenge", challenge);
    query.set("code_challenge_method", "S256");
  }
  expect((await ask("GET", `/login/oauth/authorize?${query.toString()}`, undefined)).status).toBe(200);
  const form = new URLSearchParams({ ...Object.fromEntries(query), login: "octocat" });
  const { headers } = await ask("POST", "/login/oauth/callback", undefined, form);
  return new URL(headers.get("location") ?? "").searchParams.get("code") ?? "";
}

async function exchange(code: string, verifier?: string): Promise<Record<string, unknown>> {
  const body = {
    client_id: "Iv1",
    client_secret: "s",
    code,
    ...(verifier !== undefined && { code_verifier: verifier }),
  };
  const answer = await ask("POST", "/login/oauth/access_token", undefined, body);
  return z.record(z.string(), z.unknown()).parse(JSON.parse(answer.text));
}

test("turns a code into a token for who knows the text behind the challenge", async () => {
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  expect(await exchange(await signIn(challenge), "another")).toMatchObject({ error: "bad_verification_code" });
  expect(await exchange(await signIn(challenge))).toMatchObject({ error: "bad_verification_code" });
  const { access_token: token } = await exchange(await signIn(challenge), verifier);
  expect(JSON.parse((await ask("GET", "/user", String(token))).text)).toMatchObject({ login: "octocat" });
  const plain = new URLSearchParams({ code_challenge: verifier, code_challenge_method: "plain" });
  expect((await ask("GET", `/login/oauth/authorize?${plain.toString()}`, undefined)).status).toBe(400);
});
