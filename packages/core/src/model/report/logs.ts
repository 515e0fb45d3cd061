// The ends of the logs of jobs that did not succeed.
import type { JobId } from "../ids.ts";
import { recordOf, type Submission } from "../submission.ts";
import { readTrouble } from "../verdict.ts";
import { renderParametersCode } from "./ends.ts";
import { escapeMarkdown, pickWithin, renderCode, renderCodeBlock, renderLink } from "./markdown.ts";
import type { ReportLinks } from "./run-report.ts";

/** Stands for a log that a store did not load because there would be no room for it. */
export const LEFT_OUT = "(left out)";

/** How many logs, and how many characters of each; the first that fits is taken. */
const RUNGS: readonly (readonly [number, number])[] = [
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [20, 3000],
  [10, 1500],
  [5, 500],
  [0, 0],
];

/** Renders the log tails of a run's jobs within so many bytes; empty when there is none. */
export function renderLogs(
  submission: Submission,
  jobs: readonly JobId[],
  links: ReportLinks,
  maxBytes: number,
): string {
  const troubled = jobs.filter((id) => {
    const { state, logTail } = recordOf(submission, id);
    return readTrouble(state) !== undefined && logTail !== undefined && logTail !== "";
  });
  if (troubled.length === 0) return "";
  const rungs = RUNGS.map(([most, length]) => () => {
    const shown = troubled.filter((id) => recordOf(submission, id).logTail !== LEFT_OUT).slice(0, most);
    const left = troubled.length - shown.length;
    return [...shown.map((id) => renderLog(submission, id, length)), ...renderLeftOut(left, links)];
  });
  return pickWithin(rungs, maxBytes);
}

function renderLeftOut(left: number, { detailsUrl }: ReportLinks): string[] {
  if (left === 0) return [];
  const where = detailsUrl === undefined ? "on the cluster" : `in the ${renderLink("full report", detailsUrl)}`;
  return [`_The logs of ${left} more left out; they are ${where}._`];
}

function renderLog(submission: Submission, id: JobId, length: number): string {
  const job = submission.jobs.get(id);
  const parameters = renderParametersCode(job?.parameters ?? {});
  const title = `### ${escapeMarkdown(job?.stage ?? id)}${parameters === "" ? "" : ` ${parameters}`}`;
  const tail = cutTail(recordOf(submission, id).logTail ?? "", length);
  return `${title}\n\nLast lines of ${renderCode(id)}:\n\n${renderCodeBlock(tail)}`;
}

/** Keeps the last lines, whole ones where there are any. */
function cutTail(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = text.slice(text.length - length);
  const line = end.indexOf("\n");
  return line === -1 || line === end.length - 1 ? end : end.slice(line + 1);
}
