// How a submission stands, as text of at most the screen's width. Pure.
import type { SubmissionStatus } from "@repx/core/submissions";
import { isFinal, isOver, isSuccess, renderEnd, summarizeRun, type JobId, type JobRecord } from "@repx/core/model";
import { count, renderNumber } from "../count.ts";
import { wrap } from "../render-help.ts";
import { cutText, renderTable } from "../render-table.ts";
import type { Look, Screen } from "../screen.ts";
import type { IdRenderer } from "../short-ids.ts";
import { renderDuration } from "../transfer-line.ts";

/** What text is rendered for. */
export type Pane = Pick<Screen, "columns" | "paint">;

const TROUBLES_SHOWN = 8;
const SHORT_ID = 8;
/** On a narrow screen the counts and the note need their room; a wide one shows the names of stages whole. */
const STAGE_COLUMNS = 16;
const OTHER_COLUMNS = 58;

/** Renders all of it: a title, each run with its stages, and the jobs that did not succeed. */
export function renderStatus(status: SubmissionStatus, where: string, pane: Pane, renderId: IdRenderer): string[] {
  const { id, plan, runs } = status;
  const title = `Submission ${id} on ${where}`;
  return [
    pane.paint("bold", cut(title, pane)),
    pane.paint("dim", cut(`  Lab ${plan.lab.hash.slice(0, SHORT_ID)}, ${renderTime(plan.createdAt)}`, pane)),
    ...runs.flatMap((run) => renderRun(status, run, pane)),
    ...renderTroubles(status, pane, renderId),
    ...renderDoubts(status).map((line) => pane.paint("yellow", cut(line, pane))),
  ];
}

/** Renders how far a submission is, in a few words. */
export function renderProgress({ plan, records }: SubmissionStatus): string {
  const states = plan.jobs.map(({ id }) => records.get(id)?.state ?? "queued");
  const some = (["running", "queued"] as const).flatMap((word) => {
    const number = states.filter((state) => state === word).length;
    return number === 0 ? [] : [`${renderNumber(number)} ${word}`];
  });
  const troubled = states.filter((state) => isFinal(state) && !isSuccess(state)).length;
  const parts = [...some, ...(troubled === 0 ? [] : [`${renderNumber(troubled)} not succeeded`])];
  const ended = states.filter(isFinal).length;
  const more = parts.length === 0 ? "" : ` (${parts.join(", ")})`;
  return `${renderNumber(ended)} of ${count(states.length, "job")} ended${more}`;
}

/** What a person should know of a status that may not be all there is to know. */
export function renderDoubts({ scheduler, handOver, records }: SubmissionStatus): string[] {
  const isOpen = [...records.values()].some(({ state }) => !isFinal(state));
  const since = scheduler.seenAt === undefined ? "no look has ever been answered" : renderTime(scheduler.seenAt);
  return [
    ...(scheduler.isUp ? [] : [`The scheduler does not answer; this is what was known at ${since}.`]),
    ...(isOpen && handOver === "no" ? ["The jobs are still being handed over, or that was interrupted."] : []),
  ];
}

function renderRun(status: SubmissionStatus, run: SubmissionStatus["runs"][number], pane: Pane): string[] {
  const { title, verdict } = summarizeRun(status, run.name);
  const look: Look = verdict === "passed" ? "green" : isOver(verdict) ? "red" : "cyan";
  const members = new Set(run.jobs);
  const stages = Map.groupBy(
    status.plan.jobs.filter(({ id }) => members.has(id)),
    ({ stage }) => stage,
  );
  const rows = [...stages].map(([stage, jobs]) =>
    renderStage(
      pane.columns === undefined ? stage : cutText(stage, Math.max(STAGE_COLUMNS, pane.columns - OTHER_COLUMNS)),
      jobs.map(({ id }) => status.records.get(id) ?? { state: "queued", attempt: 0 }),
      status.scheduler.seenAt,
    ),
  );
  const head = ["STAGE", "JOBS", "DONE", "RUN", "WAIT", "FAIL", "SKIP", "NOTE"];
  const paint = (text: string, column: number): string => (column === 5 ? pane.paint("red", text) : text);
  const table = renderTable({ head, rows, right: [1, 2, 3, 4, 5, 6], paint }, pane, "  ");
  const [first = "", ...others] = wrap(`${run.name}: ${title}`, (pane.columns ?? Number.POSITIVE_INFINITY) - 2);
  return [pane.paint(look, first), ...others.map((line) => pane.paint(look, `  ${line}`)), ...table];
}

function renderStage(stage: string, records: readonly JobRecord[], now: string | undefined): string[] {
  const tell = (accept: (record: JobRecord) => boolean): string => {
    const number = records.filter(accept).length;
    return number === 0 ? "" : renderNumber(number);
  };
  return [
    stage,
    renderNumber(records.length),
    tell(({ state }) => isSuccess(state)),
    tell(({ state }) => state === "running"),
    tell(({ state }) => state === "queued"),
    tell(({ state }) => isFinal(state) && !isSuccess(state) && state !== "skipped"),
    tell(({ state }) => state === "skipped"),
    [...renderRunningTime(records, now), ...renderReasons(records, "running"), ...renderWaits(records)].join("; "),
  ];
}

/** Of the one that began first. */
function renderRunningTime(records: readonly JobRecord[], now: string | undefined): string[] {
  const starts = records.flatMap(({ state, startedAt }) =>
    state === "running" && startedAt !== undefined ? [Date.parse(startedAt)] : [],
  );
  if (starts.length === 0 || now === undefined) return [];
  const longest = (Date.parse(now) - Math.min(...starts)) / 1000;
  return [`${starts.length === 1 ? "for" : "up to"} ${renderDuration(longest)}`];
}

function renderWaits(records: readonly JobRecord[]): string[] {
  const reasons = renderReasons(records, "queued");
  return reasons.length === 0 ? [] : [`waits: ${reasons.join(", ")}`];
}

/** SLURM's own words for why jobs wait, or what a job was given that runs again; the most frequent first. */
function renderReasons(records: readonly JobRecord[], wanted: JobRecord["state"]): string[] {
  const reasons = records.flatMap(({ state, reason }) =>
    state === wanted && reason !== undefined ? [reason.replaceAll("_", " ")] : [],
  );
  const counts = [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => ({ reason, number: all.length }));
  const sorted = counts.toSorted((left, right) => right.number - left.number).slice(0, 2);
  return sorted.map(({ reason }) => reason);
}

function renderTroubles({ plan, records }: SubmissionStatus, pane: Pane, renderId: IdRenderer): string[] {
  const troubled = plan.jobs.flatMap(({ id, stage }) => {
    const record = records.get(id);
    const isTrouble = record !== undefined && isFinal(record.state) && !isSuccess(record.state);
    return isTrouble && record.state !== "skipped" ? [{ id, stage, record }] : [];
  });
  if (troubled.length === 0) return [];
  const shown = troubled.slice(0, TROUBLES_SHOWN);
  const rows = shown.map(({ id, stage, record }) => [renderId(id), stage, renderEnd(record), record.node ?? ""]);
  const more = troubled.length - shown.length;
  return [
    "Did not succeed:",
    ...renderTable({ head: ["JOB", "STAGE", "END", "NODE"], rows }, pane, "  "),
    ...(more === 0 ? [] : [`  and ${count(more, "more job")}`]),
  ];
}

/** Lists jobs by id and stage, the first few of them. */
export function renderJobs(ids: readonly JobId[], plan: SubmissionStatus["plan"], renderId: IdRenderer): string[] {
  const wanted = new Set(ids);
  const shown = plan.jobs.filter(({ id }) => wanted.has(id)).slice(0, TROUBLES_SHOWN);
  const more = ids.length - shown.length;
  return [
    ...shown.map(({ id, stage }) => `  ${renderId(id)}  ${stage}`),
    ...(more === 0 ? [] : [`  and ${count(more, "more job")}`]),
  ];
}

/** A time to the minute, in UTC. */
export function renderTime(at: string): string {
  return `${at.slice(0, 16).replace("T", " ")} UTC`;
}

function cut(text: string, { columns }: Pane): string {
  return columns === undefined ? text : cutText(text, columns);
}
