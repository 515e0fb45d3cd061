// What the check of one run says. Pure: the same submission gives the same text. Every rung is whole Markdown.
import type { JobId } from "../ids.ts";
import { recordOf, jobsOf, type Submission } from "../submission.ts";
import { isOver, type Judgement } from "../verdict.ts";
import type { RunSummary } from "../run-summary.ts";
import { adviseMemory, adviseTime, renderAdvice } from "./advice.ts";
import { renderAttempts } from "./attempts.ts";
import { renderCost } from "./cost.ts";
import { renderBlockers, renderEndInFull, renderParameters, renderParametersCode } from "./ends.ts";
import { renderEvidence } from "./evidence.ts";
import { renderFigures } from "./figures.ts";
import { escapeMarkdown, pickWithin, renderCode, renderLink } from "./markdown.ts";
import { readMetrics, renderMetricsTable, type MetricsEntry } from "./metrics.ts";
import { renderReproduction } from "./reproduce.ts";
import { listTroubles } from "./title.ts";

/** Where a report leads to. */
export interface ReportLinks {
  /** The page that has all of it. */
  readonly detailsUrl?: string | undefined;
  /** The GitHub that the repository is on; https://github.com when not given. */
  readonly serverUrl?: string | undefined;
}

const MAX_ROWS = 50;
const FEW_ROWS = 15;

/** Renders a run's summary within so many bytes: all of it, or less and less of it, down to the counts. */
export function renderRunSummary(
  submission: Submission,
  summary: RunSummary,
  links: ReportLinks,
  maxBytes: number,
): string {
  const { name } = summary;
  const jobs = jobsOf(submission, name);
  const head = [renderVerdict(submission, summary), ...renderEvidence(submission, jobs, summary)];
  const troubles = (rows: number): string[] => renderTroubles(submission, jobs, summary, rows);
  // What is under way costs something else at every look, and nobody repeats it yet.
  const isEnded = isOver(summary.verdict);
  const reproduction = isEnded ? renderReproduction(submission, name, links.serverUrl) : [];
  const footer = [renderFooter(submission, links)];
  const after = (): string[] => [
    ...renderAttempts(submission, jobs),
    ...(isEnded ? renderCost(submission, jobs) : []),
    ...reproduction,
    ...footer,
  ];
  return pickWithin(
    [
      () => [
        ...head,
        ...troubles(MAX_ROWS),
        ...renderMetrics(submission, jobs),
        ...renderFigures(submission, jobs),
        ...after(),
      ],
      () => [...head, ...troubles(MAX_ROWS), ...renderMetrics(submission, jobs), ...after()],
      () => [...head, ...troubles(MAX_ROWS), ...after()],
      () => [...head, ...troubles(FEW_ROWS), ...reproduction, ...footer],
      () => [renderVerdict(submission, summary), renderCounts(summary), ...footer],
    ],
    maxBytes,
  );
}

const MEANINGS: Readonly<Partial<Record<Judgement["verdict"], string>>> = {
  resources: "With more than was asked for, the same code may pass.",
  cancelled: "A person, or the end of an interrupted workflow, took the jobs back.",
  infrastructure: "The cluster lost them; the experiment is not to blame.",
  unknown: "Nothing is claimed about them.",
};

function renderVerdict(submission: Submission, { name, verdict, title }: RunSummary): string {
  const isInfrastructure = verdict === "infrastructure" || verdict === "unknown";
  const isAdvisory = submission.runs.find((run) => run.name === name)?.isAdvisory === true;
  const effect = isAdvisory
    ? "The run is advisory: this does not block the pull request."
    : "It has not passed: run it again.";
  const words = [`**${escapeMarkdown(title)}.**`, MEANINGS[verdict] ?? [], isInfrastructure ? effect : []];
  return words.flat().join(" ");
}

function renderCounts({ counts, total, lost }: RunSummary): string {
  const well = (["succeeded", "reused", "running", "queued"] as const).flatMap((state) => {
    const count = counts.get(state) ?? 0;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return `Of ${total} jobs: ${[...well, ...listTroubles({ counts, lost })].join(", ")}.`;
}

function renderTroubles(submission: Submission, jobs: readonly JobId[], judged: Judgement, rows: number): string[] {
  const isGivenUp = judged.lost > 0;
  const [own, skipped]: [JobId[], JobId[]] = [[], []];
  for (const id of jobs) {
    const { state } = recordOf(submission, id);
    if (state === "skipped") skipped.push(id);
    else if (state === "queued" || state === "running" ? isGivenUp : state !== "succeeded" && state !== "reused")
      own.push(id);
  }
  // What was only not run comes after what kept it from running.
  const troubled = [...own, ...skipped];
  if (troubled.length === 0) return [];
  const lines = troubled.slice(0, rows).map((id) => {
    const job = submission.jobs.get(id);
    const record = recordOf(submission, id);
    const cause = record.state === "skipped" ? renderBlockers(submission, id) : (record.node ?? "");
    const cells = [escapeMarkdown(job?.stage ?? id), renderParametersCode(job?.parameters ?? {})];
    const end = renderEndInFull(submission, record);
    return `| ${[...cells, escapeMarkdown(end), escapeMarkdown(cause)].join(" | ")} |`;
  });
  const more = troubled.length > rows ? [`_and ${troubled.length - rows} more_`] : [];
  const table = ["| stage | parameters | end | node or cause |", "|---|---|---|---|", ...lines].join("\n");
  return [table, ...more, ...renderNext(submission, own)];
}

/** What to write into `resources.toml`, where jobs had too little. */
function renderNext(submission: Submission, jobs: readonly JobId[]): string[] {
  const records = jobs.map((id) => recordOf(submission, id));
  const advice = [adviseMemory(records), adviseTime(records)].flatMap((one) => one ?? []);
  if (advice.length === 0) return [];
  const [place] = jobs.flatMap((id) => submission.jobs.get(id)?.resourcesAt ?? []);
  const where = place === undefined ? "the resources file" : renderCode(`${place.path}:${place.line}`);
  const wishes = advice.map((one) => renderCode(renderAdvice(one))).join(" and ");
  return [`**Next:** ask for ${wishes} in ${where}.`];
}

/** Names the job that metrics are of as a table shows it. */
export function describeMetrics(submission: Submission, id: JobId, text: string): MetricsEntry {
  const job = submission.jobs.get(id);
  return { stage: job?.stage ?? id, parameters: renderParameters(job?.parameters ?? {}), metrics: readMetrics(text) };
}

function renderMetrics(submission: Submission, jobs: readonly JobId[]): string[] {
  const metrics = jobs.flatMap((id) => {
    const text = recordOf(submission, id).metricsText;
    return text === undefined ? [] : [describeMetrics(submission, id, text)];
  });
  return metrics.length === 0 ? [] : ["### Metrics", renderMetricsTable(metrics)];
}

/** What the report is of, and where there is more. */
export function renderFooter(submission: Submission, { detailsUrl }: ReportLinks): string {
  const of = `Lab ${renderCode(submission.lab)} on target ${renderCode(submission.target)}, submission ${renderCode(submission.id)}`;
  return detailsUrl === undefined ? `${of}.` : `${renderLink("Full report", detailsUrl)} · ${of}.`;
}

/** Tells whether a run needs nobody's eye. */
export function isPassed({ verdict }: Pick<RunSummary, "verdict">): boolean {
  return isOver(verdict) && verdict === "passed";
}
