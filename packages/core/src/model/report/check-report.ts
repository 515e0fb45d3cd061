// What one PR check says. Pure: the same submission gives the same text.
import type { JobId, RunName } from "../ids.ts";
import { isFinal, isSuccess, type JobRecord } from "../job-state.ts";
import { escapeMarkdown, joinWithin, renderCode, renderCodeBlock } from "./markdown.ts";
import { readMetrics, renderMetricsTable, type MetricsEntry } from "./metrics.ts";
import type { JobState } from "../protocol.ts";
import { recordOf, summarizeRun, type Submission } from "../submission.ts";

/** A check run's content, in the words of GitHub's REST API. */
export interface CheckReport {
  readonly name: string;
  readonly status: "queued" | "in_progress" | "completed";
  readonly conclusion?: "success" | "failure" | undefined;
  readonly title: string;
  readonly summary: string;
  readonly text: string;
}

/** GitHub's limit for a check's summary and for its text, in bytes. */
const MAX_BYTES = 65_000;
const MAX_ROWS = 50;

/** Renders the check of one run. */
export function renderCheck(submission: Submission, name: RunName): CheckReport {
  const summary = summarizeRun(submission, name);
  const ended = summary.verdict === "success" || summary.verdict === "failure";
  return {
    name: `repx / ${name}`,
    status: ended ? "completed" : summary.verdict === "running" ? "in_progress" : "queued",
    conclusion: ended ? (summary.verdict === "success" ? "success" : "failure") : undefined,
    title: summary.title,
    summary: joinWithin(
      [`**${escapeMarkdown(summary.title)}**`, ...renderTroubles(submission, name), ...renderFooter(submission)],
      MAX_BYTES,
    ),
    text: joinWithin([...renderLogs(submission, name), ...renderResults(submission, name)], MAX_BYTES),
  };
}

function jobsOf(submission: Submission, name: RunName): readonly JobId[] {
  return submission.runs.find((run) => run.name === name)?.jobs ?? [];
}

function isTrouble(state: JobState): boolean {
  return isFinal(state) && !isSuccess(state);
}

/** A job's parameters as `name=value`, in the order of their names. */
export function renderParameters(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

function renderCell(parameters: Readonly<Record<string, unknown>>): string {
  const text = renderParameters(parameters);
  return text === "" ? "" : renderCode(text);
}

/** Says in a few words how a job ended. */
export function renderEnd(record: JobRecord): string {
  const state = record.state.replaceAll("_", " ");
  // These say it all; the exit code that SLURM gives with them (0:125 for OUT_OF_MEMORY) is its own, not the job's.
  if (["out_of_memory", "timed_out", "skipped"].includes(record.state)) return state;
  const exit =
    record.signal !== undefined && record.signal > 0
      ? `signal ${record.signal}`
      : record.exitCode !== undefined && record.exitCode > 0
        ? `exit code ${record.exitCode}`
        : undefined;
  // SLURM's "NonZeroExitCode" repeats the exit code, "None" says nothing.
  const reason = ["None", "NonZeroExitCode"].includes(record.reason ?? "None") ? undefined : record.reason;
  const said = reason?.replace(/^CancelledBy:/, record.state === "cancelled" ? "by uid " : "cancelled by uid ");
  return [state, exit, said].filter((part) => part !== undefined).join(", ");
}

function renderTroubles(submission: Submission, name: RunName): string[] {
  const troubled = jobsOf(submission, name).filter((job) => isTrouble(recordOf(submission, job).state));
  if (troubled.length === 0) return [];
  const rows = troubled.slice(0, MAX_ROWS).map((id) => {
    const job = submission.jobs.get(id);
    const record = recordOf(submission, id);
    const upstream = record.state === "skipped" ? renderBlockers(submission, id) : (record.node ?? "");
    return `| ${escapeMarkdown(job?.stage ?? id)} | ${renderCell(job?.parameters ?? {})} | ${escapeMarkdown(renderEnd(record))} | ${escapeMarkdown(upstream)} |`;
  });
  const more = troubled.length > MAX_ROWS ? [`_and ${troubled.length - MAX_ROWS} more_`] : [];
  return [["| stage | parameters | end | node or cause |", "|---|---|---|---|", ...rows].join("\n"), ...more];
}

/** Names the upstream jobs that kept a job from running, nearest cause first. */
function renderBlockers(submission: Submission, id: JobId): string {
  // A set is walked in the order in which it grows: nearest cause first, each job once.
  const upstream = new Set(submission.jobs.get(id)?.dependsOn);
  const causes: string[] = [];
  for (const next of upstream) {
    const record = recordOf(submission, next);
    const job = submission.jobs.get(next);
    if (record.state === "skipped") for (const further of job?.dependsOn ?? []) upstream.add(further);
    else if (isTrouble(record.state)) causes.push(`${job?.stage ?? next} ${renderEnd(record)}`);
  }
  const kinds = [...new Set(causes)];
  return kinds.length === 0 ? "an upstream job did not succeed" : `upstream: ${kinds.slice(0, 3).join("; ")}`;
}

/** Names the job that metrics are of as a table shows it. */
export function describeMetrics(submission: Submission, id: JobId, text: string): MetricsEntry {
  const job = submission.jobs.get(id);
  return { stage: job?.stage ?? id, parameters: renderParameters(job?.parameters ?? {}), metrics: readMetrics(text) };
}

function renderResults(submission: Submission, name: RunName): string[] {
  const metrics = jobsOf(submission, name).flatMap((id) => {
    const text = recordOf(submission, id).metricsText;
    return text === undefined ? [] : [describeMetrics(submission, id, text)];
  });
  return metrics.length === 0 ? [] : ["### Metrics", renderMetricsTable(metrics)];
}

function renderLogs(submission: Submission, name: RunName): string[] {
  return jobsOf(submission, name).flatMap((id) => {
    const record = recordOf(submission, id);
    if (!isTrouble(record.state) || record.logTail === undefined || record.logTail === "") return [];
    const job = submission.jobs.get(id);
    const parameters = renderParameters(job?.parameters ?? {});
    const title = `### ${escapeMarkdown(job?.stage ?? id)}${parameters === "" ? "" : ` ${renderCode(parameters)}`}`;
    return [`${title}\n\nLast lines of ${renderCode(id)}:\n\n${renderCodeBlock(record.logTail)}`];
  });
}

function renderFooter(submission: Submission): string[] {
  return [
    `Lab ${renderCode(submission.lab)} on target ${renderCode(submission.target)}, submission ${renderCode(submission.id)}.`,
  ];
}
