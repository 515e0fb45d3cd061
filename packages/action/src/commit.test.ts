import { expect, test } from "vitest";
import { readCommit } from "./commit.ts";

const HEAD = "0123456789abcdef0123456789abcdef01234567";
const MERGE = "89abcdef0123456789abcdef0123456789abcdef";

test("I-50: a pull request's checks belong to its head, not to the merge commit in GITHUB_SHA", () => {
  const payload = { pull_request: { number: 7, head: { sha: HEAD } } };
  expect(readCommit({ name: "pull_request", payload, sha: MERGE })).toEqual({ headSha: HEAD, pullRequest: 7 });
});

test("a push's checks belong to the pushed commit", () => {
  expect(readCommit({ name: "push", payload: {}, sha: HEAD })).toEqual({ headSha: HEAD, pullRequest: undefined });
});

test("a payload without a pull request is refused", () => {
  expect(() => readCommit({ name: "pull_request", payload: { number: 7 }, sha: MERGE })).toThrow(
    /names no pull request/,
  );
});

test("outside of a workflow there is no commit", () => {
  expect(() => readCommit({ name: "", payload: {}, sha: "" })).toThrow(/GITHUB_SHA is not a commit/);
});
