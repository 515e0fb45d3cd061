import { CommitSha, JobId, LabHash, openSubmission, renderComment, RunName, SubmissionId } from "@repx/core/model";
import type { JobState, Submission } from "@repx/core/model";
import { expect, test } from "vitest";
import { isCommentDue } from "./comment-policy.ts";

const JOB = JobId.parse(`${"1".repeat(32)}-sim-1.0`);

function makeSubmission(state: JobState, push = 0): Submission {
  const request = {
    lab: LabHash.parse(`${push}c3f6w9x`),
    target: "cluster",
    headSha: CommitSha.parse(`${push}abcdef`.padEnd(40, "0")),
    runs: [{ name: RunName.parse("simulation"), jobs: [JOB] }],
    jobs: [{ id: JOB, stage: "sim-1.0", parameters: {}, dependsOn: [], isReused: false }],
  };
  const id = SubmissionId.parse(`s${push}123456789abcdefghijklmno`);
  return {
    ...openSubmission(request, { id, repository: "lab/study" }),
    records: new Map([[JOB, { state, attempt: 1 }]]),
  };
}

const passed = makeSubmission("succeeded");
const again = makeSubmission("succeeded", 1);
const failed = makeSubmission("failed");

test.each([
  ["never", failed, undefined, false],
  ["always", passed, passed, true],
  ["on-failure", passed, undefined, false],
  ["on-failure", failed, undefined, true],
  // A failure that was told is over.
  ["on-failure", passed, failed, true],
  ["on-change", passed, undefined, true],
  ["on-change", again, passed, false],
  ["on-change", failed, passed, true],
] as const)("%s: a comment on %# is due as expected", (policy, submission, before, expected) => {
  const body = renderComment(submission);
  const found = before === undefined ? undefined : renderComment(before);
  expect(isCommentDue({ policy, submission, found, body })).toBe(expected);
});
