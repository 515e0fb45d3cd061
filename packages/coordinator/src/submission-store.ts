// Reads and writes one submission in its object's SQLite. Only text that this file wrote is parsed without a schema.
import {
  isFinal,
  isSuccess,
  startRecord,
  type CommitSha,
  type JobEvent,
  type JobId,
  type JobRecord,
  type LabHash,
  type RunName,
  type Submission,
  type SubmissionId,
  type SubmissionPolicy,
  type SubmissionRequest,
  type SubmittedJob,
} from "@repx/core/model";

/** What is stored of a submission beside its jobs. */
export type SubmissionRow = {
  readonly id: SubmissionId;
  readonly repository: string;
  /** GitHub's number of it, which stays when it is renamed. */
  readonly repository_id: string;
  readonly lab: LabHash;
  readonly target: string;
  readonly head_sha: CommitSha;
  readonly pull_request: number | null;
  /** The workflow run that registered it. */
  readonly details_url: string;
  readonly installation_id: number;
  readonly app_slug: string;
  readonly token_hash: string;
  /** A SubmissionPolicy as JSON. */
  readonly policy: string;
  readonly lab_reference: string | null;
  readonly created_at: number;
  readonly expires_at: number;
};

const COLUMNS = [
  "id",
  "repository",
  "repository_id",
  "lab",
  "target",
  "head_sha",
  "pull_request",
  "details_url",
  "installation_id",
  "app_slug",
  "token_hash",
  "policy",
  "lab_reference",
  "created_at",
  "expires_at",
] as const satisfies readonly (keyof SubmissionRow)[];

/** A report holds 65,535 bytes of logs; what cannot be shown is not loaded (10,000 tails are 160 MB). */
const MAX_LOG_BYTES = 70_000;
const MAX_METRICS_CHARS = 8_000_000;

/** Stores a new submission with every job at its start. */
export function insertSubmission(sql: SqlStorage, row: SubmissionRow, request: SubmissionRequest): void {
  sql.exec(
    `INSERT INTO submission (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`,
    ...COLUMNS.map((column) => row[column]),
  );
  for (const [position, run] of request.runs.entries()) {
    sql.exec("INSERT INTO run VALUES (?, ?, ?)", position, run.name, run.isAdvisory === true ? 1 : 0);
    for (const [index, job] of run.jobs.entries())
      sql.exec("INSERT INTO run_job VALUES (?, ?, ?)", position, index, job);
  }
  for (const [position, { metricsText: _, ...definition }] of request.jobs.entries()) {
    sql.exec(
      "INSERT INTO job (position, id, definition, record, is_trouble) VALUES (?, ?, ?, '{}', 0)",
      position,
      definition.id,
      JSON.stringify(definition),
    );
  }
  for (const job of request.jobs) writeRecord(sql, job.id, startRecord(job));
}

/** Reads what is stored beside the jobs; undefined when nothing was registered. */
export function readSubmissionRow(sql: SqlStorage): SubmissionRow | undefined {
  return sql.exec<SubmissionRow>("SELECT * FROM submission").toArray()[0];
}

/** Reads what the repository wishes; only text that `insertSubmission` wrote is read. */
export function readPolicy(row: SubmissionRow): SubmissionPolicy {
  return JSON.parse(row.policy);
}

/** Reads one job's record; undefined when the job is not of this submission. */
export function readRecord(sql: SqlStorage, job: JobId): JobRecord | undefined {
  const [row] = sql.exec<RecordRow>("SELECT id, record, log_tail, metrics_text FROM job WHERE id = ?", job).toArray();
  return row === undefined ? undefined : parseRecord(row.record, row.log_tail, row.metrics_text);
}

/** Writes one job's record. */
export function writeRecord(sql: SqlStorage, job: JobId, record: JobRecord): void {
  const { logTail, metricsText, ...rest } = record;
  sql.exec(
    "UPDATE job SET state = ?, record = ?, is_trouble = ?, log_tail = ?, metrics_text = ? WHERE id = ?",
    record.state,
    JSON.stringify(rest),
    isFinal(record.state) && !isSuccess(record.state) ? 1 : 0,
    logTail ?? null,
    metricsText ?? null,
    job,
  );
}

/** Notes an event's id; false when it was noted before. */
export function noteEvent(sql: SqlStorage, event: JobEvent, now: number): boolean {
  return sql.exec("INSERT OR IGNORE INTO event VALUES (?, ?, ?)", event.id, event.job, now).rowsWritten > 0;
}

/** Reads the whole submission; with `texts`, also the logs and metrics that a report can show. */
export function readSubmission(sql: SqlStorage, row: SubmissionRow, texts: "texts" | "no texts"): Submission {
  const jobs = new Map<JobId, SubmittedJob>();
  const records = new Map<JobId, JobRecord>();
  const logs = texts === "texts" ? readLogs(sql) : new Map<JobId, string>();
  const metrics = texts === "texts" ? readMetricsTexts(sql) : new Map<JobId, string>();
  const rows = sql.exec<{ id: JobId; definition: string; record: string }>(
    "SELECT id, definition, record FROM job ORDER BY position",
  );
  for (const { id, definition, record } of rows) {
    const job: SubmittedJob = JSON.parse(definition);
    jobs.set(id, job);
    records.set(id, parseRecord(record, logs.get(id), metrics.get(id)));
  }
  return {
    id: row.id,
    repository: row.repository,
    lab: row.lab,
    target: row.target,
    headSha: row.head_sha,
    ...(row.lab_reference !== null && { labReference: row.lab_reference }),
    runs: readRuns(sql),
    jobs,
    records,
  };
}

type RecordRow = { id: JobId; record: string; log_tail: string | null; metrics_text: string | null };

function parseRecord(text: string, logTail?: string | null, metricsText?: string | null): JobRecord {
  const record: JobRecord = JSON.parse(text);
  return {
    ...record,
    ...(typeof logTail === "string" && { logTail }),
    ...(typeof metricsText === "string" && { metricsText }),
  };
}

function readRuns(sql: SqlStorage): Submission["runs"] {
  const rows = sql.exec<{ position: number; name: RunName; is_advisory: number }>(
    "SELECT position, name, is_advisory FROM run ORDER BY position",
  );
  return [...rows].map(({ position, name, is_advisory: isAdvisory }) => ({
    name,
    ...(isAdvisory === 1 && { isAdvisory: true }),
    jobs: [...sql.exec<{ job: JobId }>("SELECT job FROM run_job WHERE run = ? ORDER BY position", position)].map(
      ({ job }) => job,
    ),
  }));
}

/** Reads the log tails that each run's report has room for; of a later one only its place is kept, so that it is counted. */
function readLogs(sql: SqlStorage): Map<JobId, string> {
  const logs = new Map<JobId, string>();
  const sizes = new Map<number, number>();
  // In bytes: of a text, length() counts only what stands before its first NUL.
  const rows = sql.exec<{ run: number; job: JobId; size: number }>(
    `SELECT run_job.run, run_job.job, length(CAST(job.log_tail AS BLOB)) AS size FROM run_job JOIN job ON job.id = run_job.job
     WHERE job.is_trouble = 1 AND job.log_tail <> '' ORDER BY run_job.run, run_job.position`,
  );
  for (const { run, job, size } of rows.toArray()) {
    const before = sizes.get(run) ?? 0;
    sizes.set(run, before + size);
    if (before > MAX_LOG_BYTES) logs.set(job, logs.get(job) ?? "(left out)");
    else logs.set(job, sql.exec<{ log: string }>("SELECT log_tail AS log FROM job WHERE id = ?", job).one().log);
  }
  return logs;
}

/** Reads metrics up to a size far above what one table may have, so that a submission cannot exhaust the memory. */
function readMetricsTexts(sql: SqlStorage): Map<JobId, string> {
  const texts = new Map<JobId, string>();
  let size = 0;
  const rows = sql.exec<{ id: JobId; metrics_text: string }>(
    "SELECT id, metrics_text FROM job WHERE metrics_text IS NOT NULL ORDER BY position",
  );
  for (const { id, metrics_text: text } of rows) {
    size += text.length;
    if (size > MAX_METRICS_CHARS) break;
    texts.set(id, text);
  }
  return texts;
}
