import type { QueueLine } from "@repx/core/model";
import type { Watch } from "./watch.ts";

/** Begins the watch of a new submission. */
export function insertWatch(sql: SqlStorage, now: number): void {
  sql.exec("INSERT INTO watch (last_word_at, moved_at, phase) VALUES (?, ?, 'heard')", now, now);
}

/** Reads what is kept of a submission's word. */
export function readWatch(sql: SqlStorage): Watch {
  const row = sql
    .exec<Omit<Watch, "isRunning"> & Record<string, SqlStorageValue>>(
      `SELECT last_word_at AS lastWordAt, moved_at AS movedAt, sweeps, swept_at AS sweptAt, superseded_by AS supersededBy
       FROM watch`,
    )
    .one();
  return { ...row, isRunning: hasJobs(sql, "state = 'running'") };
}

/** Tells whether a job has yet to end. */
export function hasOpenJobs(sql: SqlStorage): boolean {
  return hasJobs(sql, "state IN ('queued', 'running')");
}

function hasJobs(sql: SqlStorage, condition: "state = 'running'" | "state IN ('queued', 'running')"): boolean {
  return sql.exec(`SELECT 1 FROM job WHERE ${condition} LIMIT 1`).toArray().length > 0;
}

/** Notes that the relay has spoken; the sweeps that it was asked for are over. */
export function noteWord(sql: SqlStorage, now: number): void {
  sql.exec("UPDATE watch SET last_word_at = ?, sweeps = 0, swept_at = 0", now);
}

/** Notes that a job began or ended. */
export function noteMove(sql: SqlStorage, now: number): void {
  sql.exec("UPDATE watch SET moved_at = ?", now);
}

/** Notes that the login node is being asked for a sweep. */
export function noteSweep(sql: SqlStorage, now: number): void {
  sql.exec("UPDATE watch SET sweeps = sweeps + 1, swept_at = ?", now);
}

/** Notes how jobs wait; false when it is as it was. */
export function noteQueue(sql: SqlStorage, at: string, lines: readonly QueueLine[]): boolean {
  const text = JSON.stringify(lines);
  const isNew = sql.exec<{ queue: string | null }>("SELECT queue FROM watch").one().queue !== text;
  sql.exec("UPDATE watch SET queue = ?, queue_at = ?", text, at);
  return isNew;
}

/** Notes what time alone has made of the submission; false when it is as it was. */
export function notePhase(sql: SqlStorage, phase: string): boolean {
  return sql.exec("UPDATE watch SET phase = ? WHERE phase <> ?", phase, phase).rowsWritten > 0;
}

/** Notes the submission that has taken this one's place. */
export function noteSuperseded(sql: SqlStorage, by: string): void {
  sql.exec("UPDATE watch SET superseded_by = ?", by);
}

/** Reads what the relay last told of the jobs that wait. */
export function readQueue(sql: SqlStorage): { readonly at: string; readonly lines: readonly QueueLine[] } | undefined {
  const { at, queue } = sql
    .exec<{ at: string | null; queue: string | null }>("SELECT queue_at AS at, queue FROM watch")
    .one();
  if (at === null || queue === null) return undefined;
  const lines: readonly QueueLine[] = JSON.parse(queue);
  return lines.length === 0 ? undefined : { at, lines };
}
