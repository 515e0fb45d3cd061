/** Brings an object's storage to its newest form by numbered steps; on the second call it does nothing. */
export function migrate(sql: SqlStorage, steps: readonly string[]): void {
  sql.exec("CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY)");
  const [row] = sql.exec<{ version: number | null }>("SELECT MAX(version) AS version FROM migration").toArray();
  for (const [index, statements] of steps.entries()) {
    const version = index + 1;
    if (version <= (row?.version ?? 0)) continue;
    sql.exec(statements);
    sql.exec("INSERT INTO migration (version) VALUES (?)", version);
  }
}
