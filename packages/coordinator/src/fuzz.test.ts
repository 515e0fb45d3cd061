import { env, exports } from "cloudflare:workers";
import { CODES, ErrorAnswer, type SubmissionReceipt } from "@repx/core/model";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { app } from "./app.ts";
import { event, register, report, settleAll, signIdToken, view } from "./coordinator.fixture.ts";
import { makeStrange, type Strange } from "./fuzz.fixture.ts";

/** Every route: the token that it asks for, and whether a refusal is for programs (`ErrorAnswer`) or a page for people. */
const ROUTES: readonly (readonly [
  method: string,
  path: string,
  token: "none" | "own" | "identity",
  "json" | "page",
])[] = [
  ["GET", "/healthz", "none", "json"],
  ["POST", "/api/submissions", "identity", "json"],
  ["POST", "/api/submissions/:id/events", "own", "json"],
  ["GET", "/api/submissions/:id", "own", "json"],
  ["GET", "/api/submissions/:id/files", "own", "json"],
  ["PUT", "/api/submissions/:id/files/:job/:path{.+}", "own", "json"],
  ["GET", "/api/labs/:lab", "identity", "json"],
  ["GET", "/figures/:id/:figure", "none", "json"],
  ["POST", "/webhook", "none", "json"],
  ["GET", "/setup", "none", "page"],
  ["POST", "/setup", "none", "page"],
  ["GET", "/setup/callback", "none", "page"],
  ["GET", "/sign-in", "none", "page"],
  ["GET", "/sign-in/callback", "none", "page"],
  ["POST", "/sign-out", "none", "page"],
  ["GET", "/", "none", "page"],
  ["GET", "/r", "none", "page"],
  ["GET", "/r/:owner/:repo", "none", "page"],
  ["GET", "/r/:owner/:repo/runs/:run", "none", "page"],
  ["GET", "/s/:id", "none", "page"],
  ["GET", "/s/:id/jobs/:job", "none", "page"],
  ["GET", "/s/:id/live", "none", "page"],
];

/** Requests to one route; where nothing is sent but a place and a token, fewer do. */
const [MANY, FEW] = [300, 60];
/** A slow machine does them in a minute. */
const TIMEOUT_MS = 120_000;
const SECRETS = [env.GITHUB_APP_PRIVATE_KEY ?? "", String(Reflect.get(env, "TEST_ID_TOKEN_KEY"))].map((pem) =>
  pem.slice(100, 160),
);
/** A line of a stack, or a file of ours. */
const INSIDE = /\n\s+at |\.ts:\d+|node_modules|SQLITE_|workerd/;

afterAll(settleAll);

test("knows every route that there is", () => {
  // Under every path and method stands what is done for all routes.
  const routes = app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`);
  expect(ROUTES.map(([method, path]) => `${method} ${path}`).toSorted()).toEqual([...new Set(routes)].toSorted());
});

async function renderAuthorization(token: Strange["token"], receipt: SubmissionReceipt): Promise<string | undefined> {
  if (typeof token === "object") return token.header;
  if (token === "own") return `Bearer ${receipt.token}`;
  return token === "identity" ? `Bearer ${await signIdToken({ repository: "lab/fuzz" })}` : undefined;
}

async function sendStrange(path: string, strange: Strange, receipt: SubmissionReceipt): Promise<Response> {
  const { method, parameter, query, token, body } = strange;
  const place = path.replaceAll(/:\w+(?:\{[^}]*\})?/g, () => parameter ?? receipt.id);
  const authorization = await renderAuthorization(token, receipt);
  const headers = { ...strange.headers, ...(authorization !== undefined && { authorization }) };
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  const init = { method, headers, redirect: "manual" as const, ...(hasBody && { body }) };
  return exports.default.fetch(new Request(`https://coordinator.test${place}${query}`, init));
}

async function expectHarmless(answer: Response, method: string, answers: "json" | "page"): Promise<void> {
  const text = await answer.text();
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("x-frame-options")).toMatch(/^(SAMEORIGIN|DENY)$/);
  expect(answer.headers.get("cache-control")).toContain("no-store");
  for (const secret of SECRETS) expect(text).not.toContain(secret);
  if (answer.status < 400) return;
  expect(text).not.toMatch(INSIDE);
  if (method === "HEAD" || answers === "page") return;
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  const { error } = ErrorAnswer.strict().parse(JSON.parse(text));
  expect(Object.keys(CODES)).toContain(error.code);
}

test.each(ROUTES)(
  "%s %s answers whatever comes with less than 500, and as agreed",
  { timeout: TIMEOUT_MS },
  async (...route) => {
    const [method, path, good, answers] = route;
    const receipt = await register("lab/fuzz", 3);
    const property = fc.asyncProperty(makeStrange(method), async (strange) => {
      const token = strange.token === "good" ? good : strange.token;
      await expectHarmless(await sendStrange(path, { ...strange, token }, receipt), strange.method, answers);
    });
    await fc.assert(property, { numRuns: method === "GET" ? FEW : MANY });
    // It lives on, and holds what it held.
    expect((await exports.default.fetch("https://coordinator.test/healthz")).status).toBe(200);
    await report(receipt, [event(1, { id: "after-all", attempt: 9000 })]);
    expect((await view(receipt)).jobs[0]).toMatchObject({ state: "succeeded", attempt: 9000 });
  },
);
