import { SignJWT, importPKCS8 } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type GitHubEmulator, type PullRequest, startGitHubEmulator } from "../harness/github-emulator.ts";
import { MAX_CHECK_TEXT_BYTES, MAX_COMMENT_CHARACTERS } from "../harness/github-rules-content.ts";
import { type GitHubRules, startGitHubRules } from "../harness/github-rules.ts";
import { signAppToken } from "../harness/github-seed.ts";

const ROOT = "/repos/lab/study";
let github: GitHubEmulator;
let rules: GitHubRules;
let pull: PullRequest;
let token: string;
beforeAll(async () => {
  github = await startGitHubEmulator();
  rules = await startGitHubRules(github);
  pull = await github.openPullRequest({ branch: "strict", title: "Strict" });
  token = await createToken(rules);
});
afterAll(async () => {
  await rules[Symbol.asyncDispose]();
  await github[Symbol.asyncDispose]();
});

async function createToken(from: GitHubRules): Promise<string> {
  const path = `/app/installations/${github.app.installationId}/access_tokens`;
  const { body } = await ask("POST", path, {}, await signAppToken(github.app), from);
  return z.object({ token: z.string() }).parse(body).token;
}

async function ask(method: string, path: string, body?: unknown, as: string | undefined = token, from = rules) {
  const answer = await fetch(`${from.url}${path}`, {
    method,
    headers: { ...(as !== "" && { authorization: `Bearer ${as}` }), "content-type": "application/json" },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    redirect: "manual",
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
}

async function createCheck(fields: object = {}): Promise<number> {
  const body = { name: "simulation", head_sha: pull.headSha, status: "in_progress", ...fields };
  return z.object({ id: z.number() }).parse((await ask("POST", `${ROOT}/check-runs`, body)).body).id;
}

const annotate = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    path: "flake.nix",
    start_line: 1,
    end_line: 1,
    annotation_level: "failure",
    message: `job ${from + index}`,
  }));

test.each<[what: string, method: string, path: string, body: unknown, problem: string]>([
  [
    "I-24: 51 annotations in one request",
    "POST",
    "/check-runs",
    { output: { title: "t", summary: "s", annotations: annotate(51) } },
    "must NOT have more than 50 items",
  ],
  [
    "a summary that is short in characters and too long in bytes",
    "POST",
    "/check-runs",
    { output: { title: "t", summary: "実".repeat(MAX_CHECK_TEXT_BYTES / 3 + 1) } },
    "summary exceeds a maximum bytesize of 65535",
  ],
  [
    "such a text",
    "POST",
    "/check-runs",
    { output: { title: "t", summary: "s", text: "é".repeat(40_000) } },
    "text exceeds a maximum bytesize of 65535",
  ],
  [
    "I-22: a comment that is too long",
    "POST",
    "/issues/1/comments",
    { body: "x".repeat(MAX_COMMENT_CHARACTERS + 1) },
    "body is too long (maximum is 65536 characters)",
  ],
  ["a comment of nothing", "POST", "/issues/1/comments", { body: " \n" }, "body can't be blank"],
  [
    "four buttons",
    "POST",
    "/check-runs",
    { actions: Array.from({ length: 4 }, (_, nth) => ({ label: "Again", description: "d", identifier: `i${nth}` })) },
    "must NOT have more than 3 items",
  ],
  [
    "a label of 21 characters",
    "POST",
    "/check-runs",
    { actions: [{ label: "x".repeat(21), description: "d", identifier: "i" }] },
    "must NOT have more than 20 characters",
  ],
  ["a conclusion that does not exist", "POST", "/check-runs", { conclusion: "passed" }, "must be equal to one of"],
  ["an output without a summary", "POST", "/check-runs", { output: { title: "t" } }, "required property 'summary'"],
  ["a field that is misspelled", "POST", "/check-runs", { detail_url: "https://a.test" }, "properties: detail_url"],
  ["a time that is none", "POST", "/check-runs", { started_at: "yesterday" }, 'must match format "date-time"'],
  ["a query that is misspelled", "GET", "/pulls?perpage=3", undefined, "the query has perpage"],
  ["a query of the wrong type", "GET", "/pulls?per_page=many", undefined, "per_page must be integer"],
  ["a body that is not JSON", "POST", "/issues/1/comments", "{", "the body is not JSON in UTF-8"],
  [
    "a body where none belongs",
    "DELETE",
    "/issues/comments/1",
    { why: "because" },
    "there is a body where none belongs",
  ],
  ["a required body that is missing", "POST", "/issues/1/comments", undefined, "the body is missing"],
])("refuses %s with 422, and keeps it", async (_, method, path, body, problem) => {
  const isCheck = path === "/check-runs" && typeof body === "object";
  const full = isCheck ? { name: "simulation", head_sha: pull.headSha, ...body } : body;
  const answer = await ask(method, `${ROOT}${path}`, full);
  expect(answer).toMatchObject({ status: 422, body: { message: "Validation Failed" } });
  expect(answer.body.errors.join("\n")).toContain(problem);
  const kept = rules.takeViolations();
  expect(kept.join("\n")).toContain(`${method} ${ROOT}${path}: `);
  expect(kept.join("\n")).toContain(problem);
});

test("takes what is just within the limits", async () => {
  const output = { title: "t", summary: "s".repeat(MAX_CHECK_TEXT_BYTES), annotations: annotate(50) };
  await createCheck({ output, status: "completed", conclusion: "success" });
  const body = { body: "é".repeat(MAX_COMMENT_CHARACTERS) };
  expect((await ask("POST", `${ROOT}/issues/${pull.number}/comments`, body)).status).toBe(201);
  expect(rules.violations).toEqual([]);
});

test("answers 404 to what GitHub's description does not have, and keeps it", async () => {
  expect((await ask("POST", `${ROOT}/checks`, {})).status).toBe(404);
  expect(rules.takeViolations()).toEqual([
    "POST /repos/lab/study/checks: no such operation: POST /repos/lab/study/checks",
  ]);
});

test("fails at its end when something was wrong that nobody has asked for", async () => {
  const others = await startGitHubRules(github);
  await ask("POST", `${ROOT}/checks`, {}, github.token, others);
  await expect(others[Symbol.asyncDispose]()).rejects.toThrow(
    "GitHub would refuse this:\nPOST /repos/lab/study/checks",
  );
});

test("lets nobody in with a token that it has not handed out", async () => {
  const jwt = new SignJWT({ iss: "12345", iat: 0, exp: Math.floor(Date.now() / 1000) + 900 });
  const key = await importPKCS8(github.app.privateKeyPkcs8, "RS256");
  const long = await jwt.setProtectedHeader({ alg: "RS256" }).sign(key);
  expect(await ask("GET", ROOT, undefined, "ghs_invented")).toMatchObject({ status: 401 });
  expect(await ask("GET", ROOT, undefined, "")).toMatchObject({ status: 401 });
  expect((await ask("GET", "/app", undefined, long)).body.message).toContain("too far in the future");
  const revoked = await createToken(rules);
  expect((await ask("GET", ROOT, undefined, revoked)).status).toBe(200);
  expect((await ask("DELETE", "/installation/token", undefined, revoked)).status).toBe(204);
  expect((await ask("GET", ROOT, undefined, revoked)).status).toBe(401);
});

test("lets an App alone write check runs, each its own", async () => {
  const body = { name: "simulation", head_sha: pull.headSha };
  expect((await ask("POST", `${ROOT}/check-runs`, body, github.token)).status).toBe(403);
  const reader = rules.issueToken({ appId: 15_368, permissions: { checks: "read" } });
  expect((await ask("POST", `${ROOT}/check-runs`, body, reader)).status).toBe(403);
  const actions = rules.issueToken({ appId: 15_368, permissions: { checks: "write" } });
  const made = await ask("POST", `${ROOT}/check-runs`, body, actions);
  expect(made).toMatchObject({ status: 201, body: { app: { id: 15_368 } } });
  expect((await ask("PATCH", `${ROOT}/check-runs/${made.body.id}`, { name: "mine" })).status).toBe(403);
  expect(rules.takeViolations()).toHaveLength(3);
  const mine = await createCheck();
  const list = await ask("GET", `${ROOT}/commits/${pull.headSha}/check-runs?app_id=12345&filter=all&per_page=100`);
  const ids = list.body.check_runs.map(({ id }: { id: number }) => id);
  expect(ids).toContain(mine);
  expect(ids).not.toContain(made.body.id);
});

test("refuses a check run for a commit that is not there", async () => {
  const body = { name: "simulation", head_sha: "f".repeat(40) };
  const answer = await ask("POST", `${ROOT}/check-runs`, body);
  expect(answer).toMatchObject({ status: 422, body: { message: `No commit found for SHA: ${"f".repeat(40)}` } });
});

test("does not reopen a check run that was concluded, and honours the rest of the request", async () => {
  const id = await createCheck({ status: "completed", conclusion: "failure" });
  const output = { title: "again", summary: "s" };
  const answer = await ask("PATCH", `${ROOT}/check-runs/${id}`, { status: "in_progress", output });
  expect(answer).toMatchObject({ status: 200, body: { status: "completed", conclusion: "failure", output } });
  expect(await ask("PATCH", `${ROOT}/check-runs/${id}`, { conclusion: "success" })).toMatchObject({
    body: { status: "completed", conclusion: "success" },
  });
});

test("I-24: adds the annotations of a later request to those of the first", async () => {
  const id = await createCheck({ output: { title: "t", summary: "s", annotations: annotate(50) } });
  const path = `${ROOT}/check-runs/${id}`;
  await ask("PATCH", path, { output: { title: "t", summary: "s", annotations: annotate(30, 50) } });
  const last = await ask("PATCH", path, { output: { title: "t", summary: "without any" } });
  expect(last.body.output).toMatchObject({ summary: "without any", annotations_count: 80 });
  expect((await ask("GET", `${path}/annotations?per_page=30&page=3`)).body).toMatchObject(annotate(20, 60));
  expect(rules.checks.get(id)?.annotations).toHaveLength(80);
  const kept = (await github.readCheckRuns(pull.headSha)).find((check) => check.id === id);
  expect(kept?.output["annotations_count"]).toBe(80);
});
