import { summarizeRun, type Submission, type SubmissionPolicy } from "@repx/core/model";
import { hasPassed } from "../verdict.ts";

/** What stands on the pull request, and what would. */
export interface CommentChoice {
  readonly policy: SubmissionPolicy["comment"];
  readonly submission: Submission;
  readonly found: string | undefined;
  readonly body: string;
}

/** Decides whether a comment is written. One that told of a failure is also told when that is over. Pure. */
export function isCommentDue({ policy, submission, found, body }: CommentChoice): boolean {
  if (policy === "never" || policy === "always") return policy === "always";
  if (found === undefined) {
    return policy === "on-change" || submission.runs.some(({ name }) => !hasPassed(summarizeRun(submission, name)));
  }
  return policy === "on-failure" || readContent(found) !== readContent(body);
}

/** Without what differs from push to push although the results are the same: commit, Lab and submission. */
function readContent(body: string): string {
  return body
    .replaceAll(/\b[0-9a-f]{8}(?:[0-9a-f]{32})?\b/g, "-")
    .replaceAll(/`[0-9a-z]{8,}`/g, "-")
    .trim();
}
