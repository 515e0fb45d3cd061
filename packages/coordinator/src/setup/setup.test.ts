import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import * as z from "zod";
import { app } from "../app.ts";

const ORIGIN = "https://coordinator.test";
const TOKEN = "setup-token-of-the-tests-0123456789";

/** A coordinator that was deployed and has no App yet. */
function fresh(
  changes: Pick<Cloudflare.Env, "GITHUB_APP_ID" | "SETUP_TOKEN" | "COORDINATOR_ORIGIN"> = {},
): Cloudflare.Env {
  const { GITHUB_APP_ID: _, GITHUB_APP_PRIVATE_KEY: __, ...rest } = env;
  return { ...rest, SETUP_TOKEN: TOKEN, ...changes };
}

async function post(fields: Record<string, string>, origin = ORIGIN, env_ = fresh()): Promise<Response> {
  const headers = { origin, "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams(fields).toString();
  return app.fetch(new Request(`${ORIGIN}/setup`, { method: "POST", headers, body }), env_);
}

async function comeBack(query: string, cookie: string, env_ = fresh()): Promise<Response> {
  return app.fetch(new Request(`${ORIGIN}/setup/callback?${query}`, { headers: { cookie } }), env_);
}

function unescape(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}

async function begin(fields: Record<string, string> = {}) {
  const answer = await post({ token: TOKEN, ...fields });
  const page = await answer.text();
  const action = unescape(/action="([^"]*)"/.exec(page)?.[1] ?? "");
  const manifest: unknown = JSON.parse(unescape(/name="manifest" value="([^"]*)"/.exec(page)?.[1] ?? ""));
  const cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  return { answer, action, manifest, cookie, state: new URL(action).searchParams.get("state") ?? "" };
}

test("leads to GitHub with an App that may do what is used and no more", async () => {
  const { answer, action, manifest } = await begin();
  expect(action).toMatch(/^https:\/\/github\.test\/settings\/apps\/new\?state=[\w-]{43}$/);
  expect(answer.headers.get("content-security-policy")).toContain("form-action 'self' https://github.test");
  expect(manifest).toEqual({
    name: "repx coordinator.test",
    url: ORIGIN,
    hook_attributes: { url: `${ORIGIN}/webhook`, active: true },
    redirect_url: `${ORIGIN}/setup/callback`,
    callback_urls: [`${ORIGIN}/sign-in/callback`],
    public: false,
    default_permissions: {
      actions: "write",
      checks: "write",
      contents: "read",
      metadata: "read",
      pull_requests: "write",
    },
    default_events: ["check_run", "check_suite", "pull_request"],
  });
});

test("makes an organisation's App where one is named", async () => {
  expect((await begin({ organization: "my-lab" })).action).toContain("/organizations/my-lab/settings/apps/new?");
  expect((await post({ token: TOKEN, organization: "../evil" })).status).toBe(401);
});

test("shows the App's secrets once, as what `wrangler secret bulk` takes", async () => {
  const { state, cookie } = await begin();
  const answer = await comeBack(`code=manifest-code&state=${state}`, cookie);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-repx-setup=; Max-Age=0/);
  const page = await answer.text();
  expect(page).not.toMatch(/<script|style=/);
  const secrets = z
    .record(z.string(), z.string().nullable())
    .parse(JSON.parse(unescape(/<textarea[^>]*>([^<]*)<\/textarea>/.exec(page)?.[1] ?? "")));
  expect(secrets).toMatchObject({
    GITHUB_APP_ID: "777",
    GITHUB_APP_PRIVATE_KEY: expect.stringContaining("BEGIN RSA PRIVATE KEY"),
    GITHUB_WEBHOOK_SECRET: "new-webhook-secret",
    GITHUB_APP_CLIENT_ID: "Iv1.new",
    GITHUB_APP_CLIENT_SECRET: "new-client-secret",
    SESSION_SECRET: expect.stringMatching(/^[\w-]{43}$/),
    SETUP_TOKEN: null,
  });
  expect(page).toContain("https://github.test/apps/repx/installations/new");
});

test.each([
  ["another token", { token: "another-token-that-is-long-enough-too" }, ORIGIN],
  ["no token", {}, ORIGIN],
  ["a form of another site", { token: TOKEN }, "https://evil.test"],
  ["a form of nowhere", { token: TOKEN }, "null"],
])("refuses %s", async (_, fields, origin) => {
  const answer = await post(fields, origin);
  expect(answer.status).toBe(401);
  expect(answer.headers.getSetCookie()).toEqual([]);
  expect(await answer.text()).not.toContain("manifest");
});

test("refuses an App that was begun in another browser, or whose code GitHub does not take: AUTH_SETUP_REFUSED", async () => {
  const [mine, other] = [await begin(), await begin()];
  for (const [query, cookie] of [
    [`code=manifest-code&state=${mine.state}`, other.cookie],
    [`code=manifest-code&state=${mine.state}`, ""],
    ["code=manifest-code", mine.cookie],
    [`code=another-code&state=${mine.state}`, mine.cookie],
  ] as const) {
    const answer = await comeBack(query, cookie);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain("PRIVATE KEY");
  }
});

test.each([
  ["there is an App", fresh({ GITHUB_APP_ID: "12345" })],
  ["nobody was given a token", { ...fresh(), SETUP_TOKEN: "" }],
  ["the token is short", fresh({ SETUP_TOKEN: "short" })],
  ["the address is plain HTTP", fresh({ COORDINATOR_ORIGIN: "http://repx.example.org" })],
])("there is nothing to set up where %s", async (_, env_) => {
  const { cookie, state } = await begin();
  for (const answer of [
    await app.fetch(new Request(`${ORIGIN}/setup`), env_),
    await post({ token: TOKEN }, ORIGIN, env_),
    await comeBack(`code=manifest-code&state=${state}`, cookie, env_),
  ]) {
    expect(answer.status).toBe(404);
  }
});

test("asks for the token in a form, never in an address", async () => {
  const page = await (await app.fetch(new Request(`${ORIGIN}/setup`), fresh())).text();
  expect(page).toMatch(/<form method="post" action="\/setup">[^]*type="password" name="token"/);
});
