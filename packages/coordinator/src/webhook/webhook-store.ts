// What a repository's webhooks left: their ids, so that none counts twice, and the tasks that they ask for.
import type { CommitSha } from "@repx/core/model";
import type { AnyWork, TaskPlace } from "./task.ts";

/** The storage's form, as numbered steps. */
export const WEBHOOK_STEPS: readonly string[] = [
  `
  CREATE TABLE delivery (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX delivery_at ON delivery (at);
  CREATE TABLE task (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    work TEXT NOT NULL,
    at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE approval (
    pull_request INTEGER NOT NULL,
    head_sha TEXT NOT NULL,
    author TEXT,
    check_id INTEGER,
    approved_by TEXT,
    approved_at INTEGER,
    PRIMARY KEY (pull_request, head_sha)
  ) WITHOUT ROWID;
  `,
];

/** GitHub keeps deliveries, and lets them be sent again, for three days (docs.github.com, "Redelivering webhooks"). */
const KEEP_MS = 8 * 24 * 3_600_000;

/** A stored task. */
export interface Task {
  readonly id: string;
  readonly place: TaskPlace;
  readonly work: AnyWork;
  readonly at: number;
  readonly tries: number;
}

/** Notes a delivery; false when it was noted before. Those that GitHub cannot send again are forgotten. */
export function noteWebhook(sql: SqlStorage, id: string, now: number): boolean {
  sql.exec("DELETE FROM delivery WHERE at < ?", now - KEEP_MS);
  return sql.exec("INSERT OR IGNORE INTO delivery VALUES (?, ?)", id, now).rowsWritten > 0;
}

/** Stores a task; the same id again changes nothing. */
export function insertTask(sql: SqlStorage, task: Task, dueAt: number): void {
  const { id, place, work, at, tries } = task;
  const [placeText, workText] = [JSON.stringify(place), JSON.stringify(work)];
  sql.exec("INSERT OR IGNORE INTO task VALUES (?, ?, ?, ?, ?, ?)", id, placeText, workText, at, dueAt, tries);
}

/** Reads the tasks that are due, oldest first. */
export function readDueTasks(sql: SqlStorage, now: number): Task[] {
  const rows = sql.exec<{ id: string; place: string; work: string; at: number; tries: number }>(
    "SELECT id, place, work, at, tries FROM task WHERE due_at <= ? ORDER BY at, id LIMIT 500",
    now,
  );
  // Only text that this file wrote is parsed without a schema.
  return [...rows].map((row) => ({ ...row, place: JSON.parse(row.place), work: JSON.parse(row.work) }));
}

/** When the next task is due; undefined when there is none. */
export function readNextDue(sql: SqlStorage): number | undefined {
  return sql.exec<{ at: number | null }>("SELECT MIN(due_at) AS at FROM task").one().at ?? undefined;
}

/** Forgets a task that is done. */
export function deleteTask(sql: SqlStorage, id: string): void {
  sql.exec("DELETE FROM task WHERE id = ?", id);
}

/** Puts a task off; this counts as a try. */
export function postponeTask(sql: SqlStorage, id: string, dueAt: number): void {
  sql.exec("UPDATE task SET due_at = ?, tries = tries + 1 WHERE id = ?", dueAt, id);
}

/** Puts tasks off that have to wait for their turn; this is no try. */
export function delayTasks(sql: SqlStorage, ids: readonly string[], dueAt: number): void {
  for (const id of ids) sql.exec("UPDATE task SET due_at = ? WHERE id = ?", dueAt, id);
}

/** What is known of a commit that needs approval. */
export type ApprovalRow = {
  readonly author: string | null;
  readonly check_id: number | null;
  readonly approved_by: string | null;
  readonly approved_at: number | null;
};

/** Reads a commit's approval; undefined when none was asked for. */
export function readApproval(sql: SqlStorage, pullRequest: number, headSha: CommitSha): ApprovalRow | undefined {
  return sql
    .exec<ApprovalRow>(
      "SELECT author, check_id, approved_by, approved_at FROM approval WHERE pull_request = ? AND head_sha = ?",
      pullRequest,
      headSha,
    )
    .toArray()[0];
}

/** Writes a commit's approval. */
export function writeApproval(sql: SqlStorage, pullRequest: number, headSha: CommitSha, row: ApprovalRow): void {
  sql.exec(
    "INSERT OR REPLACE INTO approval VALUES (?, ?, ?, ?, ?, ?)",
    pullRequest,
    headSha,
    row.author,
    row.check_id,
    row.approved_by,
    row.approved_at,
  );
}
