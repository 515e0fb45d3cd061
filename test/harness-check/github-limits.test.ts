import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type GitHubEmulator, startGitHubEmulator } from "../harness/github-emulator.ts";
import { GITHUB_LIMITS, openLimiter } from "../harness/github-rules-limits.ts";
import { startGitHubRules } from "../harness/github-rules.ts";

const CHECKS = "/repos/lab/study/check-runs";
let github: GitHubEmulator;
beforeAll(async () => {
  github = await startGitHubEmulator();
});
afterAll(async () => github[Symbol.asyncDispose]());

/** Asks so often for the same thing, one after the other; the answers are the limits that it broke. */
function askOften(limiter: ReturnType<typeof openLimiter>, count: number, method: string, path: string) {
  return Array.from({ length: count }, () => {
    const broken = limiter.begin(method, path);
    limiter.end();
    return broken;
  }).filter((broken) => broken !== undefined);
}

test("lets 80 check runs and comments be made in any minute, and 500 in any hour", () => {
  let now = 0;
  const limiter = openLimiter(GITHUB_LIMITS, () => now);
  expect(askOften(limiter, 40, "POST", CHECKS)).toEqual([]);
  now = 59_000;
  expect(askOften(limiter, 42, "POST", "/repos/lab/study/issues/1/comments")).toHaveLength(2);
  expect(askOften(limiter, 20, "PATCH", `${CHECKS}/1`)).toEqual([]);
  now = 60_001;
  expect(askOften(limiter, 41, "POST", CHECKS)).toEqual(["more than 80 contents in a minute"]);
  for (let minute = 2; minute < 7; minute += 1) {
    now = minute * 61_000;
    askOften(limiter, 80, "POST", CHECKS);
  }
  expect(limiter.readCounts()).toMatchObject({ contents: 500, refused: 23 });
  now = 10 * 60_000;
  expect(askOften(limiter, 1, "POST", CHECKS)).toEqual(["more than 500 contents in an hour"]);
  now = 3_660_002;
  expect(askOften(limiter, 1, "POST", CHECKS)).toEqual([]);
});

test("lets 900 points be spent in any minute: a read is one, a write five", () => {
  let now = 0;
  const limiter = openLimiter(GITHUB_LIMITS, () => now);
  expect(askOften(limiter, 400, "GET", "/user")).toEqual([]);
  expect(askOften(limiter, 100, "PATCH", `${CHECKS}/1`)).toEqual([]);
  expect(askOften(limiter, 1, "GET", "/user")).toEqual(["more than 900 points in a minute"]);
  now = 60_000;
  expect(askOften(limiter, 1, "GET", "/user")).toEqual([]);
});

test("lets 100 requests be under way at once", () => {
  const limiter = openLimiter(GITHUB_LIMITS, () => 0);
  const broken = Array.from({ length: 101 }, () => limiter.begin("GET", "/user"));
  expect(broken.filter((one) => one !== undefined)).toEqual(["more than 100 requests at once"]);
  limiter.end();
  limiter.end();
  expect(limiter.begin("GET", "/user")).toBeUndefined();
  expect(limiter.readCounts().mostAtOnce).toBe(101);
});

test("answers 403 with retry-after over a limit, until the time is over", async () => {
  let now = Date.now();
  await using rules = await startGitHubRules(github, {
    limits: { contentPerMinute: 1, retryAfterSeconds: 7 },
    now: () => now,
  });
  const token = rules.issueToken({ appId: 1, permissions: { checks: "write" } });
  const pull = await github.openPullRequest({ branch: "limits", title: "Limits" });
  const create = async () =>
    fetch(`${rules.url}${CHECKS}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "simulation", head_sha: pull.headSha }),
    });
  expect((await create()).status).toBe(201);
  const refused = await create();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([403, "7"]);
  expect(z.object({ message: z.string() }).parse(await refused.json()).message).toContain("secondary rate limit");
  now += 60_000;
  expect((await create()).status).toBe(201);
  expect(rules.counts).toMatchObject({ requests: 3, contents: 2, refused: 1 });
  expect(rules.calls.map(({ status }) => status)).toEqual([201, 403, 201]);
});
