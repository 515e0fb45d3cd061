// The one sticky comment of a pull request. The marker comes first: it is how the comment is found again.
import { isSuccess } from "../job-state.ts";
import type { CommentPolicy, Verdict } from "../protocol.ts";
import { summarizeRun, type RunSummary } from "../run-summary.ts";
import { recordOf, type Submission } from "../submission.ts";
import { countVerdicts, isAllReused } from "./aggregate.ts";
import { escapeMarkdown, pickWithin, renderCode, renderLink } from "./markdown.ts";
import { renderFigures } from "./figures.ts";
import { renderMetricsTable } from "./metrics.ts";
import { renderCount } from "./quantities.ts";
import { describeMetrics, isPassed, type ReportLinks } from "./run-report.ts";

/** The first line of every comment of ours; a pull request has one. */
export const COMMENT_MARKER = "<!-- repx:report -->";

/** A comment's size that people still read, in bytes; GitHub refuses far larger ones. */
const MAX_BYTES = 60_000;
const FEW_ROWS = 15;

/** Renders the comment of a submission that is concluded. */
export function renderComment(submission: Submission, links: ReportLinks = {}, maxBytes = MAX_BYTES): string {
  const summaries = submission.runs.map((run) => summarizeRun(submission, run.name));
  const head = [COMMENT_MARKER, renderSentence(submission, summaries)];
  const footer = renderFooter(submission, links);
  const troubled = summaries.filter((summary) => !isPassed(summary));
  const [reused, others] = [summaries.filter(isQuiet), summaries.filter((summary) => !isQuiet(summary))];
  const full = [...head, ...renderRows(others, others.length), ...collapseRows(reused)];
  return pickWithin(
    [
      () => [...full, ...renderNumbers(submission), ...renderFigures(submission, [...submission.jobs.keys()]), footer],
      () => [...full, ...renderNumbers(submission), footer],
      () => [...full, footer],
      () => [...head, ...renderRows(troubled, FEW_ROWS), footer],
      () => [...head, footer],
    ],
    maxBytes,
  );
}

/** Tells whether the comment is to be written, given the one that is there; it is asked once a submission is concluded. */
export function isCommentWanted(
  policy: CommentPolicy,
  submission: Submission,
  previousBody: string | undefined,
  links: ReportLinks = {},
): boolean {
  if (policy === "never") return false;
  if (policy === "always") return true;
  const isNews =
    previousBody === undefined || pickLasting(previousBody) !== pickLasting(renderComment(submission, links));
  if (policy === "on-change") return isNews;
  const isWell = submission.runs.every((run) => isPassed(summarizeRun(submission, run.name)));
  // What an earlier comment says of a failure would be false by now.
  return !isWell || (previousBody !== undefined && isNews);
}

/** What of a comment is the same when the same was submitted again: all but the footer and what a writer put behind it. */
function pickLasting(body: string): string {
  const lines = body
    .split(/\r?\n/)
    .filter((line) => !line.startsWith("<sub>") && !line.startsWith("<!-- repx:submission "));
  return lines.join("\n").trimEnd();
}

function isQuiet(summary: RunSummary): boolean {
  return isPassed(summary) && isAllReused(summary);
}

function renderSentence(submission: Submission, summaries: readonly RunSummary[]): string {
  const records = [...submission.records.values()];
  const reused = records.filter((record) => record.state === "reused").length;
  const ran = records.filter(
    // Neither one that never left the queue nor one that was cancelled there.
    ({ state, startedAt }) => startedAt !== undefined || !["reused", "queued", "skipped", "cancelled"].includes(state),
  ).length;
  const passed = summaries.filter(isPassed).length;
  const verdict = `**${[`${passed} of ${renderCount(summaries.length, "experiment")} passed`, ...countVerdicts(summaries)].join(", ")}**`;
  return `${verdict}: ${renderCount(ran, "job")} ran, ${reused} reused, on ${renderCode(submission.target)}.`;
}

const MARKS: Readonly<Record<Verdict, string>> = {
  queued: "⏳",
  running: "⏳",
  passed: "✅",
  failed: "❌",
  resources: "❌",
  cancelled: "🚫",
  infrastructure: "⚠️",
  unknown: "❔",
};

function renderRows(summaries: readonly RunSummary[], most: number): string[] {
  if (summaries.length === 0) return [];
  const rows = summaries.slice(0, most).map(({ name, verdict, title, total }) => {
    const detail = title.slice(title.indexOf(": ") + 2);
    const mark = total === 0 ? "➖" : MARKS[verdict];
    return `| ${escapeMarkdown(name)} | ${mark} ${verdict} | ${escapeMarkdown(detail)} |`;
  });
  const more = summaries.length > most ? [`_and ${summaries.length - most} more_`] : [];
  return [["| experiment | verdict | |", "|---|---|---|", ...rows].join("\n"), ...more];
}

function collapseRows(reused: readonly RunSummary[]): string[] {
  if (reused.length === 0) return [];
  const table = renderRows(reused, reused.length).join("\n\n");
  const words = `${renderCount(reused.length, "experiment")} reused: nothing had to run again`;
  return [`<details><summary>${words}</summary>\n\n${table}\n\n</details>`];
}

function renderNumbers(submission: Submission): string[] {
  const entries = [...submission.jobs.values()].flatMap((job) => {
    const record = recordOf(submission, job.id);
    if (!isSuccess(record.state) || record.metricsText === undefined) return [];
    return [describeMetrics(submission, job.id, record.metricsText)];
  });
  return entries.length === 0 ? [] : [renderMetricsTable(entries)];
}

function renderFooter({ headSha, lab, id }: Submission, { detailsUrl }: ReportLinks): string {
  const parts = [
    ...(detailsUrl === undefined ? [] : [renderLink("Full report", detailsUrl)]),
    `commit ${headSha.slice(0, 8)}`,
    `Lab ${renderCode(lab)}`,
    `submission ${renderCode(id)}`,
  ];
  const why =
    "Why am I seeing this? A workflow of this pull request submitted experiments, and all of them have ended. This comment is updated in place.";
  return `<sub>${parts.join(" · ")}<br>${why}</sub>`;
}
