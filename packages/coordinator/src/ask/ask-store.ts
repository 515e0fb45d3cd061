import type { RunName, SubmissionId } from "@repx/core/model";
import type { Ask, NotedAsk, Successor } from "./ask.ts";

/** Stores what was asked of each of the runs (of all where none is named), or what became of it. */
export function writeAsk(sql: SqlStorage, ask: NotedAsk): void {
  const all = sql.exec<{ name: RunName }>("SELECT name FROM run ORDER BY position");
  const runs = ask.runs.length > 0 ? ask.runs : [...all].map(({ name }) => name);
  for (const run of runs) {
    const { id, kind, who, at, state, reason } = ask;
    sql.exec("INSERT OR REPLACE INTO ask VALUES (?, ?, ?, ?, ?, ?, ?)", id, run, kind, who, at, state, reason);
  }
}

/**
 * Reads what was asked of a run last, or of any when none is named; undefined when nothing was. A re-run that is under way goes
 * before whatever was refused since: who may not ask must not conclude its check.
 */
export function readAsk(sql: SqlStorage, run: RunName | undefined): Ask | undefined {
  const [ask] = sql.exec<Ask & Record<string, SqlStorageValue>>(
    `SELECT kind, who, at, state, reason FROM ask ${run === undefined ? "" : "WHERE run = ?"}
     ORDER BY (kind = 'rerun' AND state IN ('asked', 'dispatched')) DESC, at DESC, id DESC LIMIT 1`,
    ...(run === undefined ? [] : [run]),
  );
  return ask;
}

/** Notes a later submission of the same commit; false when it was noted before. */
export function insertSuccessor(sql: SqlStorage, id: SubmissionId, at: number): boolean {
  return sql.exec("INSERT OR IGNORE INTO successor VALUES (?, ?)", id, at).rowsWritten > 0;
}

/** Reads the latest submission that took over. */
export function readSuccessor(sql: SqlStorage): Successor | undefined {
  const [row] = sql.exec<{ id: SubmissionId; at: number }>("SELECT id, at FROM successor ORDER BY at DESC LIMIT 1");
  return row;
}
