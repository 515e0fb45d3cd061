/** The storage's form, as numbered steps; a step that was once released is never edited, only followed by another. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE submission (
    id TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    lab TEXT NOT NULL,
    target TEXT NOT NULL,
    head_sha TEXT NOT NULL,
    pull_request INTEGER,
    details_url TEXT NOT NULL,
    installation_id INTEGER NOT NULL,
    app_slug TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  );
  CREATE TABLE run (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE run_job (
    run INTEGER NOT NULL,
    position INTEGER NOT NULL,
    job TEXT NOT NULL,
    PRIMARY KEY (run, position)
  ) WITHOUT ROWID;
  CREATE TABLE job (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    record TEXT NOT NULL,
    is_trouble INTEGER NOT NULL,
    log_tail TEXT,
    metrics_text TEXT
  );
  CREATE TABLE event (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    received_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE delivery (
    revision INTEGER NOT NULL,
    delivered_revision INTEGER NOT NULL,
    flushed_at INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    failures INTEGER NOT NULL
  );
  CREATE TABLE github_item (
    name TEXT PRIMARY KEY,
    github_id INTEGER,
    generation INTEGER NOT NULL,
    is_creating INTEGER NOT NULL,
    status TEXT,
    digest TEXT,
    refused_digest TEXT,
    refusal TEXT
  ) WITHOUT ROWID;
  `,
];

/** Tells whether anything was ever stored; an object that is only asked (a guessed id) stays empty. */
export function hasSchema(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'").toArray().length > 0;
}

/** Brings the storage to the newest form; on the second call it does nothing. */
export function migrate(sql: SqlStorage): void {
  sql.exec("CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY)");
  const [row] = sql.exec<{ version: number | null }>("SELECT MAX(version) AS version FROM migration").toArray();
  for (const [index, statements] of MIGRATIONS.entries()) {
    const version = index + 1;
    if (version <= (row?.version ?? 0)) continue;
    sql.exec(statements);
    sql.exec("INSERT INTO migration (version) VALUES (?)", version);
  }
}
