// The one sticky comment of a pull request. The marker comes first: it is how the comment is found again.
import { describeMetrics } from "./check-report.ts";
import { isSuccess } from "../job-state.ts";
import { escapeMarkdown, joinWithin, renderCode } from "./markdown.ts";
import { renderMetricsTable } from "./metrics.ts";
import { recordOf, summarizeRun, type Submission } from "../submission.ts";

/** The first line of every comment of ours; a pull request has one. */
export const COMMENT_MARKER = "<!-- repx:report -->";

/** A comment's size that people still read, in bytes; GitHub refuses far larger ones. */
const MAX_BYTES = 60_000;

/** Renders the comment of a submission whose jobs have all come to an end. */
export function renderComment(submission: Submission): string {
  const summaries = submission.runs.map((run) => summarizeRun(submission, run.name));
  const failed = summaries.filter((summary) => summary.verdict !== "success");
  const reused = [...submission.records.values()].filter((record) => record.state === "reused").length;
  const ran = [...submission.records.values()].filter(
    // Neither one that never left the queue nor one that was cancelled there.
    ({ state, startedAt }) => startedAt !== undefined || !["reused", "queued", "skipped", "cancelled"].includes(state),
  ).length;
  const passed = summaries.length - failed.length;
  const verdict = `**${passed} of ${summaries.length} ${summaries.length === 1 ? "experiment" : "experiments"} passed**`;
  const rows = summaries.map(
    (summary) =>
      `| ${escapeMarkdown(summary.name)} | ${summary.verdict === "success" ? "✅" : "❌"} ${escapeMarkdown(summary.title)} |`,
  );
  return joinWithin(
    [
      COMMENT_MARKER,
      `${verdict}: ${ran} ${ran === 1 ? "job" : "jobs"} ran, ${reused} reused, on ${renderCode(submission.target)} for ${submission.headSha.slice(0, 8)}.`,
      ["| experiment | result |", "|---|---|", ...rows].join("\n"),
      ...renderNumbers(submission),
      `<sub>Lab ${renderCode(submission.lab)} · submission ${renderCode(submission.id)} · this comment is updated in place</sub>`,
    ],
    MAX_BYTES,
  );
}

function renderNumbers(submission: Submission): string[] {
  const entries = [...submission.jobs.values()].flatMap((job) => {
    const record = recordOf(submission, job.id);
    if (!isSuccess(record.state) || record.metricsText === undefined) return [];
    return [describeMetrics(submission, job.id, record.metricsText)];
  });
  return entries.length === 0 ? [] : [renderMetricsTable(entries)];
}
