// Answers what the board's pages ask of one submission; no row is changed.
import type { JobId, JobRecord, RunName, Submission } from "@repx/core/model";
import { listFiles } from "../files/file-store.ts";
import { readRecord, type SubmissionRow } from "../submission-store.ts";
import { buildJobPage, type JobAround } from "./build-job-page.ts";
import { buildSubmissionPage } from "./build-submission-page.ts";
import type { JobQuery } from "./job-query.ts";
import type { JobLink, JobPage, MetricMean, RunFacts, StateCounts, SubmissionHead, SubmissionPage } from "./views.ts";

/** What a page asks of a submission. */
export type BoardQuery =
  | { readonly kind: "head" }
  | { readonly kind: "jobs"; readonly query: JobQuery }
  | { readonly kind: "job"; readonly job: JobId }
  | { readonly kind: "run"; readonly run: RunName };

/** The answer has the field that was asked for, unless there is no such job or run. */
export interface BoardAnswer {
  readonly head: SubmissionHead;
  readonly jobs?: SubmissionPage;
  readonly job?: JobPage;
  readonly run?: RunFacts;
}

/** Links to other jobs that a page has room for. */
const MAX_LINKS = 100;
/** A run's metrics are averaged over so many of its jobs; a metrics.json may have 16 kB. */
const MAX_METRIC_JOBS = 500;
const MAX_METRIC_NAMES = 20;

/** Answers a query; `read` gives the submission as it stands now, and is called where that is needed. */
export function readBoard(sql: SqlStorage, row: SubmissionRow, query: BoardQuery, read: () => Submission): BoardAnswer {
  const head = describeSubmission(row);
  const readAt = new Date().toISOString();
  if (query.kind === "head") return { head };
  if (query.kind === "jobs") return { head, jobs: buildSubmissionPage(read(), head, query.query, readAt) };
  if (query.kind === "job") {
    const around = readJob(sql, read(), query.job);
    return { head, ...(around !== undefined && { job: buildJobPage(around, head, readAt) }) };
  }
  const run = readRun(sql, query.run);
  return { head, ...(run !== undefined && { run }) };
}

function describeSubmission(row: SubmissionRow): SubmissionHead {
  return {
    id: row.id,
    repository: row.repository,
    ...(row.pull_request !== null && { pullRequest: row.pull_request }),
    headSha: row.head_sha,
    lab: row.lab,
    target: row.target,
    createdAt: new Date(row.created_at).toISOString(),
    workflowUrl: row.details_url,
  };
}

function readJob(sql: SqlStorage, submission: Submission, id: JobId): JobAround | undefined {
  const [job, record, texts] = [submission.jobs.get(id), submission.records.get(id), readRecord(sql, id)];
  if (job === undefined || record === undefined || texts === undefined) return undefined;
  const { logTail, metricsText } = texts;
  const dependants = [...submission.jobs.values()].filter(({ dependsOn }) => dependsOn.includes(id));
  const link = (other: JobId): JobLink => ({
    id: other,
    stage: submission.jobs.get(other)?.stage ?? "",
    state: submission.records.get(other)?.state ?? "queued",
  });
  return {
    job,
    // How the job stands, time has a say in; the texts are stored alone.
    record: { ...record, logTail, metricsText },
    runs: submission.runs.filter(({ jobs }) => jobs.includes(id)).map(({ name }) => name),
    files: listFiles(sql, id)
      .slice(0, MAX_LINKS)
      .map(({ path, sizeBytes, figure }) => ({
        path,
        sizeBytes,
        ...(figure !== null && { figure: `/figures/${submission.id}/${figure}` }),
      })),
    inputs: job.dependsOn.slice(0, MAX_LINKS).map(link),
    dependants: dependants.slice(0, MAX_LINKS).map((other) => link(other.id)),
    dependantCount: dependants.length,
  };
}

function readRun(sql: SqlStorage, name: RunName): RunFacts | undefined {
  const [run] = sql.exec<{ position: number }>("SELECT position FROM run WHERE name = ?", name).toArray();
  if (run === undefined) return undefined;
  const states = sql.exec<{ state: JobRecord["state"]; jobs: number }>(
    `SELECT job.record ->> 'state' AS state, COUNT(*) AS jobs FROM run_job JOIN job ON job.id = run_job.job
     WHERE run_job.run = ? GROUP BY 1`,
    run.position,
  );
  const counts: StateCounts = Object.fromEntries(states.toArray().map(({ state, jobs }) => [state, jobs]));
  return { counts, ...readTimes(sql, run.position), metrics: readMeans(sql, run.position) };
}

function readTimes(sql: SqlStorage, run: number): Pick<RunFacts, "wallSeconds" | "jobSeconds"> {
  const { wall, jobs } = sql
    .exec<{ wall: number | null; jobs: number | null }>(
      `SELECT MAX(startedAt + elapsed) - MIN(startedAt) AS wall, SUM(elapsed) AS jobs FROM (
         SELECT unixepoch(job.record ->> 'startedAt', 'subsec') AS startedAt, job.record ->> 'elapsedSeconds' AS elapsed
         FROM run_job JOIN job ON job.id = run_job.job WHERE run_job.run = ?)`,
      run,
    )
    .one();
  return { ...(wall !== null && { wallSeconds: wall }), ...(jobs !== null && { jobSeconds: jobs }) };
}

function readMeans(sql: SqlStorage, run: number): MetricMean[] {
  return sql
    .exec<MetricMean>(
      `SELECT name, AVG(number) AS mean, COUNT(number) AS jobs FROM (
         SELECT metric.key AS name,
           CASE metric.type WHEN 'object' THEN metric.value ->> 'value' ELSE metric.atom END AS number
         FROM (
           SELECT job.metrics_text AS text FROM run_job JOIN job ON job.id = run_job.job
           WHERE run_job.run = ? AND json_valid(job.metrics_text) ORDER BY run_job.position LIMIT ${MAX_METRIC_JOBS}
         ) AS texts, json_each(texts.text) AS metric
         WHERE json_type(texts.text) = 'object')
       WHERE typeof(number) IN ('integer', 'real') GROUP BY name ORDER BY name LIMIT ${MAX_METRIC_NAMES}`,
      run,
    )
    .toArray();
}
