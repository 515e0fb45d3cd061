import type * as z from "zod";

const MAX_ISSUES = 3;
const MAX_LENGTH = 200;

/** Says in one short line what a value from outside does not fulfil, by path; `at` is where the value itself was. */
export function renderIssues(error: z.ZodError, at: readonly PropertyKey[] = []): string {
  const shown = error.issues.slice(0, MAX_ISSUES).map((issue) => {
    // A path holds keys of the value itself, and those are as long as the sender likes.
    const path = cutText([...at, ...issue.path].map(String).join("."), MAX_LENGTH / 2);
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  const more = error.issues.length - shown.length;
  return cutText([...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; "), MAX_LENGTH);
}

/** Cuts a text to a length in characters, and shows that it did. */
export function cutText(text: string, length = MAX_LENGTH): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
