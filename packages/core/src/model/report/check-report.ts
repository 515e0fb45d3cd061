// What one PR check says. Pure: the same submission gives the same text.
import type { RunName } from "../ids.ts";
import { summarizeRun } from "../run-summary.ts";
import { jobsOf, type Submission } from "../submission.ts";
import { isOver } from "../verdict.ts";
import { listActions, type CheckAction } from "./actions.ts";
import { nameCheck, renderAllSummary, renderAllTitle } from "./aggregate.ts";
import { listAnnotations, type Annotation } from "./annotations.ts";
import { concludeAll, concludeRun, type Conclusion } from "./conclusion.ts";
import { renderLogs } from "./logs.ts";
import { isPassed, renderRunSummary, type ReportLinks } from "./run-report.ts";

/** A check run's content, in the words of GitHub's REST API. */
export interface CheckReport {
  readonly name: string;
  readonly status: "queued" | "in_progress" | "completed";
  readonly conclusion?: Conclusion | undefined;
  readonly title: string;
  readonly summary: string;
  readonly text: string;
  /** None before the end: GitHub adds each to those that are there. */
  readonly annotations: readonly Annotation[];
  readonly actions: readonly CheckAction[];
}

/** GitHub's limit for a check's summary and for its text is 65,535 bytes. */
const MAX_BYTES = 65_000;

/** Renders the check of one run, or of all runs when none is named. */
export function renderCheck(submission: Submission, name: RunName | undefined, links: ReportLinks = {}): CheckReport {
  return name === undefined ? renderAll(submission, links) : renderOne(submission, name, links);
}

function renderOne(submission: Submission, name: RunName, links: ReportLinks): CheckReport {
  const summary = summarizeRun(submission, name);
  const jobs = jobsOf(submission, name);
  const conclusion = concludeRun(submission, name, summary);
  const { verdict } = summary;
  return {
    ...nameReport(name, conclusion, verdict === "queued"),
    title: summary.title,
    summary: renderRunSummary(submission, summary, links, MAX_BYTES),
    text: renderLogs(submission, jobs, links, MAX_BYTES),
    annotations: isOver(verdict) ? listAnnotations(submission, jobs) : [],
    actions: listActions({ isOver: isOver(verdict), isPassed: isPassed(summary) }),
  };
}

function renderAll(submission: Submission, links: ReportLinks): CheckReport {
  const summaries = submission.runs.map(({ name }) => summarizeRun(submission, name));
  const title = renderAllTitle(summaries);
  const conclusion = concludeAll(summaries.map((summary) => concludeRun(submission, summary.name, summary)));
  const isAllOver = conclusion !== undefined;
  return {
    ...nameReport(undefined, conclusion, title.startsWith("queued")),
    title,
    summary: renderAllSummary(submission, summaries, links, MAX_BYTES),
    text: "",
    // Each single check has its own.
    annotations: [],
    actions: listActions({ isOver: isAllOver, isPassed: summaries.every(isPassed) }),
  };
}

function nameReport(
  run: RunName | undefined,
  conclusion: Conclusion | undefined,
  isQueued: boolean,
): Pick<CheckReport, "name" | "status" | "conclusion"> {
  const { name } = nameCheck(run);
  if (conclusion !== undefined) return { name, status: "completed", conclusion };
  return { name, status: isQueued ? "queued" : "in_progress" };
}
