import { expect, test } from "vitest";
import { after, event, jobId } from "../events.fixture.ts";
import { CommitSha } from "../ids.ts";
import { COMMENT_MARKER, isCommentWanted, renderComment } from "./comment.ts";
import { LINKS, makeFailed, makeLost, makeMany, makePassed, ran, study, SUMMARY } from "./report.fixture.ts";
import type { Submission } from "../submission.ts";

function reuseAll(start: Submission): Submission {
  const records = new Map([...start.records].map(([id]) => [id, { state: "reused", attempt: 0 } as const]));
  return { ...start, records };
}

/** The simulation is reused as a whole, and the analysis ran. */
function makeHalfReused(): Submission {
  const start = study();
  const records = new Map(start.records);
  for (const nth of [1, 2, 3]) records.set(jobId(nth), { state: "reused", attempt: 0 });
  return after({ ...start, records }, [event({ job: SUMMARY, metricsText: '{"threshold": 0.59}' })]);
}

test.each([
  ["passed", makePassed()],
  ["failed", makeFailed()],
  ["lost", after(makeLost(false), [event({ job: SUMMARY })])],
  ["half-reused", makeHalfReused()],
  ["reused", reuseAll(study())],
])("the comment of a submission that is %s reads as agreed", async (name, submission) => {
  await expect(`${renderComment(submission, LINKS)}\n`).toMatchFileSnapshot(`golden/comment-${name}.golden.md`);
});

test("the marker is the comment's first line, and the sentence with the counts the next one", () => {
  const lines = renderComment(makeFailed())
    .split("\n")
    .filter((line) => line !== "");
  expect(lines[0]).toBe(COMMENT_MARKER);
  expect(lines[1]).toBe("**0 of 2 experiments passed, 2 failed**: 3 jobs ran, 0 reused, on `cluster`.");
});

/** A comment as it lies at GitHub, written of an earlier submission of the same commit or another. */
function post(submission: Submission): string {
  const earlier = { ...submission, headSha: CommitSha.parse("fedcba9876543210fedcba9876543210fedcba98") };
  return `${renderComment(earlier)}\n\n<!-- repx:submission s000000000000000000000000a 2026-03-01T10:00:00Z -->`.replaceAll(
    "\n",
    "\r\n",
  );
}

const [well, bad] = [makePassed(), makeFailed()];

test.each([
  ["always", "is there and says the same", well, post(well), true],
  ["never", "is missing", bad, undefined, false],
  ["on-change", "is missing", well, undefined, true],
  ["on-change", "says the same of an earlier commit", well, post(well), false],
  ["on-change", "says something else", well, post(bad), true],
  ["on-failure", "is missing and all is well", well, undefined, false],
  ["on-failure", "is missing and something failed", bad, undefined, true],
  ["on-failure", "tells of a failure that is no more", well, post(bad), true],
  ["on-failure", "says already that all is well", well, post(well), false],
] as const)("with the policy %s and a comment that %s", (policy, _, submission, previous, isWanted) => {
  expect(isCommentWanted(policy, submission, previous)).toBe(isWanted);
});

test("a comment without links is wanted neither more nor less than one with them", () => {
  const previous = renderComment(well, LINKS);
  expect(isCommentWanted("on-change", well, previous, LINKS)).toBe(false);
  expect(isCommentWanted("on-change", well, previous)).toBe(false);
});

test("many experiments that failed are all in the table, with their verdict", () => {
  const comment = renderComment(makeMany(120, 7));
  expect(comment).toContain("**113 of 120 experiments passed, 7 failed**");
  expect(comment.match(/❌ failed/g)).toHaveLength(7);
});

test("text from outside stays text", () => {
  const hostile = after({ ...study(1), target: "`x` @team | <b>" }, [ran(1), event({ job: SUMMARY, state: "FAILED" })]);
  const comment = renderComment(hostile);
  expect(comment).toContain("on ``` `x` @team \u2502 <b> ```".replace("``` ", "`` ").replace(" ```", " ``"));
});
