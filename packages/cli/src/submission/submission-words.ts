// The words of command lines that name submissions and jobs.
import { RepxError } from "@repx/core/model";

const SUBMISSION = /^s[0-9a-z]{0,25}$/;
const JOB = /^[0-9a-z][A-Za-z0-9._+-]*$/;

/** What names a submission, for every command that takes one. */
export const SUBMISSION_OPERAND = {
  name: "SUBMISSION",
  summary: "the beginning of a submission's id; the target's newest one when not given",
  isOptional: true,
} as const;

/** Checks the beginning of a submission's id; INPUT_INVALID. */
export function parseSubmissionWord(word: string | undefined): string | undefined {
  if (word === undefined || SUBMISSION.test(word)) return word;
  throw new RepxError("INPUT_INVALID", `${JSON.stringify(word)} does not begin the id of a submission`, {
    hint: "An id is `s` and 25 letters and digits. `repx status --all` lists the submissions of a target.",
  });
}

/** Tells whether a word may begin the id of a submission; the id of a job may begin like that, too. */
export function isSubmissionWord(word: string): boolean {
  return SUBMISSION.test(word);
}

/** Checks the beginning of a job's id; INPUT_INVALID. */
export function parseJobWord(word: string): string {
  if (JOB.test(word)) return word;
  throw new RepxError("INPUT_INVALID", `${JSON.stringify(word)} does not begin the id of a job`, {
    hint: "An id is 32 letters and digits, the stage and its version. `repx status --json` has all of a submission.",
  });
}
