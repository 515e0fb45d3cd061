import type { RunName, SubmissionId } from "@repx/core/model";
import type { Ask, NotedAsk, Successor } from "./ask.ts";

/** Stores what was asked of each of the runs, or what became of it. */
export function writeAsk(sql: SqlStorage, ask: NotedAsk): void {
  for (const run of ask.runs) {
    const { id, kind, who, at, state, reason } = ask;
    sql.exec("INSERT OR REPLACE INTO ask VALUES (?, ?, ?, ?, ?, ?, ?)", id, run, kind, who, at, state, reason);
  }
}

/** Reads what was asked of a run last; undefined when nothing was. */
export function readAsk(sql: SqlStorage, run: RunName): Ask | undefined {
  const [ask] = sql.exec<Ask & Record<string, SqlStorageValue>>(
    "SELECT kind, who, at, state, reason FROM ask WHERE run = ? ORDER BY at DESC, id DESC LIMIT 1",
    run,
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
