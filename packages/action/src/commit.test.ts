import { CommitSha } from "@repx/core/model";
import { expect, test } from "vitest";
import { findPullRequest, isFork, readCommit, type GivenCommit } from "./commit.ts";

const HEAD = CommitSha.parse("0123456789abcdef0123456789abcdef01234567");
const MERGE = "89abcdef0123456789abcdef0123456789abcdef";
const REPOSITORY = "lab/percolation";

const PULL = { pull_request: { number: 7, head: { sha: HEAD } } };

function read(event: { name: string; payload: unknown; sha: string }, given: Partial<GivenCommit> = {}): unknown {
  const commit = { headSha: undefined, pullRequest: undefined, ...given };
  return readCommit({ ...event, repository: REPOSITORY, url: "" }, commit);
}

test("I-50: a pull request's checks belong to its head, not to the merge commit in GITHUB_SHA", () => {
  const commit = { headSha: HEAD, pullRequest: 7, repository: REPOSITORY };
  expect(read({ name: "pull_request", payload: PULL, sha: MERGE })).toEqual(commit);
});

test("a push's checks belong to the pushed commit", () => {
  const commit = { headSha: HEAD, pullRequest: undefined, repository: REPOSITORY };
  expect(read({ name: "push", payload: {}, sha: HEAD })).toEqual(commit);
});

test("a workflow that is dispatched for a pull request reports on the head that it was given", () => {
  const event = { name: "workflow_dispatch", payload: { inputs: {} }, sha: MERGE };
  expect(read(event, { headSha: HEAD, pullRequest: 7 })).toMatchObject({ headSha: HEAD, pullRequest: 7 });
  expect(read(event)).toMatchObject({ headSha: MERGE, pullRequest: undefined });
});

test("a pull request's own workflow is not told another commit or number", () => {
  const event = { name: "pull_request", payload: PULL, sha: MERGE };
  expect(read(event, { headSha: HEAD, pullRequest: 7 })).toMatchObject({ headSha: HEAD });
  expect(() => read(event, { headSha: CommitSha.parse(MERGE) })).toThrow(/`head-sha` is 89abcdef/);
  expect(() => read(event, { pullRequest: 8 })).toThrow(/`pull-request` is 8, and the event's pull request has 7/);
});

test("a payload without a pull request is refused", () => {
  expect(() => read({ name: "pull_request", payload: { number: 7 }, sha: MERGE })).toThrow(/names no pull request/);
});

test("outside of a workflow there is no commit", () => {
  expect(() => read({ name: "", payload: {}, sha: "" })).toThrow(/GITHUB_SHA is not a commit/);
});

test("the pull request that was closed is the event's, where no input names one", () => {
  const event = { name: "pull_request", payload: PULL, sha: MERGE, repository: REPOSITORY, url: "" };
  expect(findPullRequest(event, { pullRequest: undefined })).toBe(7);
  expect(findPullRequest({ ...event, payload: {} }, { pullRequest: 9 })).toBe(9);
  expect(findPullRequest({ ...event, payload: {} }, { pullRequest: undefined })).toBeUndefined();
});

test.each([
  [{ full_name: "lab/percolation" }, false],
  [{ full_name: "someone/percolation" }, true],
  // The fork is gone.
  [null, true],
])("a pull request whose head is in %j is of a fork: %j", (repo, expected) => {
  const payload = { pull_request: { head: { repo }, base: { repo: { full_name: "lab/percolation" } } } };
  expect(isFork({ name: "pull_request", payload, sha: MERGE, repository: REPOSITORY, url: "" })).toBe(expected);
});
