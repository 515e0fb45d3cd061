import { env } from "cloudflare:workers";
import { ErrorAnswer } from "@repx/core/model";
import { Hono } from "hono";
import { expect, test } from "vitest";
import * as z from "zod";
import { app } from "../app.ts";
import { findViewer } from "./find-viewer.ts";
import { parseReturnPath } from "./return-path.ts";
import { seal, unseal } from "./seal.ts";

const ORIGIN = "https://coordinator.test";
type Changes = Partial<Record<keyof Cloudflare.Env, string>>;

interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function visit(path: string, cookie = "", changes: Changes = {}, init: Visit = {}): Promise<Response> {
  const headers = { cookie, ...init.headers };
  return app.fetch(new Request(`${ORIGIN}${path}`, { ...init, headers }), { ...env, ...changes });
}

/** The cookie of a name that an answer sets, as a browser sends it back. */
function readCookie(answer: Response, name: string): string {
  const [line = ""] = answer.headers.getSetCookie().filter((one) => one.startsWith(`${name}=`));
  return line.split(";", 1)[0] ?? "";
}

/** Begins to sign in: what GitHub is asked, and what the browser keeps. */
async function begin(path = "/sign-in") {
  const answer = await visit(path);
  const url = new URL(answer.headers.get("location") ?? "");
  const { state = "", code_challenge: challenge = "" } = Object.fromEntries(url.searchParams);
  return { answer, url, state, challenge, cookie: readCookie(answer, "__Host-repx-sign-in") };
}

async function signIn(login: string, path?: string) {
  const { state, challenge, cookie } = await begin(path);
  const answer = await visit(`/sign-in/callback?code=${login}.${challenge}&state=${state}`, cookie);
  return { answer, cookie: readCookie(answer, "__Host-repx-session") };
}

/** What the board sees of a request with a cookie. */
async function look(cookie: string, repository: string, changes: Changes = {}) {
  const board = new Hono<{ Bindings: Cloudflare.Env }>().get("/", async (context) => {
    const viewer = await findViewer(context);
    return context.json({ login: viewer?.login, mayRead: await viewer?.mayRead(repository) });
  });
  const answer = await board.fetch(new Request(`${ORIGIN}/`, { headers: { cookie } }), { ...env, ...changes });
  return z.object({ login: z.string().optional(), mayRead: z.boolean().optional() }).parse(await answer.json());
}

async function readCode(answer: Response): Promise<string> {
  return `${answer.status} ${ErrorAnswer.parse(await answer.json()).error.code}`;
}

test("sends a person to GitHub with a state and a challenge", async () => {
  const { answer, url, challenge, state } = await begin();
  expect(answer.status).toBe(303);
  expect(`${url.origin}${url.pathname}`).toBe("https://github.test/login/oauth/authorize");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    client_id: "Iv1.tests",
    redirect_uri: `${ORIGIN}/sign-in/callback`,
    code_challenge_method: "S256",
  });
  expect([challenge.length, state.length]).toEqual([43, 43]);
  expect((await begin()).state).not.toBe(state);
});

test("signs a person in and goes back to where they were", async () => {
  const { answer, cookie } = await signIn("octocat", "/sign-in?return=%2Fr%2Flab%2Fstudy%3Fa%3D1");
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/r/lab/study?a=1"]);
  expect(await look(cookie, "lab/study")).toEqual({ login: "octocat", mayRead: true });
});

test("the cookie is this host's alone, for no script, and shows nothing of the token", async () => {
  const { answer } = await signIn("octocat");
  const [line = ""] = answer.headers.getSetCookie().filter((one) => one.startsWith("__Host-repx-session="));
  const attributes = line.split("; ").slice(1);
  expect(attributes).toEqual(expect.arrayContaining(["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]));
  expect(attributes.some((attribute) => attribute.startsWith("Domain"))).toBe(false);
  const parts = line.split(";", 1)[0]?.split(".") ?? [];
  const texts = parts.map((part) => Buffer.from(part, "base64url").toString("latin1"));
  expect([line, ...texts].join("\n")).not.toMatch(/ghu_|octocat/);
});

test.each([
  ["another state", async (begun: Begun) => visit(callback(begun, "x".repeat(43)), begun.cookie)],
  ["no state", async (begun: Begun) => visit(`/sign-in/callback?code=octocat.${begun.challenge}`, begun.cookie)],
  ["the cookie of another sign-in", async (begun: Begun) => visit(callback(begun), (await begin()).cookie)],
  ["no cookie", async (begun: Begun) => visit(callback(begun))],
  ["a cookie that was changed", async (begun: Begun) => visit(callback(begun), begun.cookie.replace(/.$/, "~"))],
  [
    "no code",
    async (begun: Begun) => visit(`/sign-in/callback?state=${begun.state}&error=access_denied`, begun.cookie),
  ],
  [
    "a code that was given for another challenge",
    async (begun: Begun) => visit(callback({ ...begun, challenge: (await begin()).challenge }), begun.cookie),
  ],
])("refuses to sign in with %s", async (_, finish) => {
  const answer = await finish(await begin());
  expect(await readCode(answer)).toBe("401 AUTH_SIGN_IN_FAILED");
  expect(readCookie(answer, "__Host-repx-session")).toBe("");
});

type Begun = Awaited<ReturnType<typeof begin>>;

function callback({ challenge, state }: Begun, otherState = state): string {
  return `/sign-in/callback?code=octocat.${challenge}&state=${otherState}`;
}

test("a browser is shown a page, without a script and with everything escaped", async () => {
  const answer = await visit("/sign-in/callback?state=%3Cscript%3E", "", {}, { headers: { accept: "text/html" } });
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  const page = await answer.text();
  expect(page).toContain("<h1>Not signed in</h1>");
  expect(page).not.toContain("<script");
  // The policy is that of these pages alone: others have their own.
  expect((await visit("/healthz")).headers.get("content-security-policy")).toBeNull();
});

test("signing out takes the cookie back, and only a form of this site signs out", async () => {
  const { cookie } = await signIn("octocat");
  const out = async (origin: string) => visit("/sign-out", cookie, {}, { method: "POST", headers: { origin } });
  expect(await readCode(await out("https://evil.test"))).toBe("401 AUTH_SIGN_IN_FAILED");
  const answer = await out(ORIGIN);
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
  expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-repx-session=; Max-Age=0/);
});

test.each(["GITHUB_APP_CLIENT_ID", "GITHUB_APP_CLIENT_SECRET", "SESSION_SECRET"] as const)(
  "nobody signs in without %s",
  async (variable) => {
    const { [variable]: _, ...rest } = env;
    const answer = await app.fetch(new Request(`${ORIGIN}/sign-in`), rest);
    expect(await readCode(answer)).toBe("501 COORD_NOT_CONFIGURED");
  },
);

test("nobody signs in over plain HTTP but on the machine itself", async () => {
  const far = await visit("/sign-in", "", { COORDINATOR_ORIGIN: "http://repx.example.org" });
  expect(await readCode(far)).toBe("501 COORD_NOT_CONFIGURED");
  const near = await visit("/sign-in", "", { COORDINATOR_ORIGIN: "http://127.0.0.1:8787" });
  expect(near.headers.getSetCookie()[0]).toMatch(/^repx-sign-in=(?!.*Secure).*HttpOnly/);
});

test.each([
  ["/r/lab/study?run=a", "/r/lab/study?run=a"],
  ["//evil.test/", "/"],
  ["/\\evil.test", "/"],
  ["/\t/evil.test", "/"],
  ["/%2f%2fevil.test", "/%2f%2fevil.test"],
  ["https://evil.test/", "/"],
  ["javascript:alert(1)", "/"],
  ["/..//evil.test", "/"],
  ["", "/"],
  [undefined, "/"],
])("after signing in, %s leads to %s", (text, path) => {
  expect(parseReturnPath(text, ORIGIN)).toBe(path);
  expect(new URL(parseReturnPath(text, ORIGIN), ORIGIN).origin).toBe(ORIGIN);
});

test("a sealed value opens until its time, for its purpose, with its secret", async () => {
  const schema = z.object({ login: z.string() });
  const text = await seal("a".repeat(32), "session", { login: "octocat" }, 2_000_000);
  expect(await unseal("a".repeat(32), "session", schema, text, 1_999_000)).toEqual({ login: "octocat" });
  expect(await unseal("a".repeat(32), "session", schema, text, 2_001_000)).toBeUndefined();
  expect(await unseal("a".repeat(32), "sign-in", schema, text, 1_999_000)).toBeUndefined();
  expect(await unseal("b".repeat(32), "session", schema, text, 1_999_000)).toBeUndefined();
  expect(await unseal("a".repeat(32), "session", z.object({ id: z.int() }), text, 1_999_000)).toBeUndefined();
});

test.each([
  ["octocat", "lab/secret", true],
  ["reader", "lab/secret", false],
  ["reader", "lab/study", true],
  ["renamed", "lab/study", false],
  ["octocat", "lab/moved", false],
  ["octocat", "lab/study/../secret", false],
  ["octocat", "..", false],
  ["octocat", "../..", false],
  ["octocat", "lab/..", false],
])("%s may read %s: %s", async (login, repository, isAllowed) => {
  const { cookie } = await signIn(login);
  expect(await look(cookie, repository)).toEqual({ login, mayRead: isAllowed });
});

async function countQuestions(): Promise<number> {
  const answer = await fetch("https://control.test/control/questions");
  return z.object({ questions: z.int() }).parse(await answer.json()).questions;
}

test("GitHub is asked once in a while whether a person may read, not for every page", async () => {
  const { cookie } = await signIn("owner");
  const before = await countQuestions();
  for (let count = 0; count < 5; count += 1) await look(cookie, "lab/often");
  expect((await countQuestions()) - before).toBe(1);
});

test("everybody reads public repositories where the owner says so, and no others", async () => {
  const open = { PUBLIC_BOARD: "yes" };
  expect(await look("", "lab/public")).toEqual({});
  expect(await look("", "lab/public", open)).toEqual({ login: "", mayRead: true });
  for (const repository of ["lab/study", "lab/public-internal", "lab/old-server", "lab/without-app"]) {
    expect(await look("", repository, open)).toEqual({ login: "", mayRead: false });
  }
});
