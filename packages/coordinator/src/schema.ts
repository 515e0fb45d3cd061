import { migrate } from "./migrate.ts";

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
  `
  ALTER TABLE submission ADD COLUMN repository_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE submission ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE submission ADD COLUMN lab_reference TEXT;
  ALTER TABLE run ADD COLUMN is_advisory INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE job ADD COLUMN state TEXT NOT NULL DEFAULT 'queued';
  UPDATE job SET state = record ->> 'state';
  CREATE INDEX job_state ON job (state);
  ALTER TABLE delivery ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE github_item ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE github_item ADD COLUMN written_at INTEGER NOT NULL DEFAULT 0;
  UPDATE github_item SET created_at = (SELECT created_at FROM submission);
  CREATE TABLE watch (
    last_word_at INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    phase TEXT NOT NULL,
    sweeps INTEGER NOT NULL DEFAULT 0,
    swept_at INTEGER NOT NULL DEFAULT 0,
    superseded_by TEXT,
    queue TEXT,
    queue_at TEXT
  );
  INSERT INTO watch (last_word_at, moved_at, phase) SELECT created_at, created_at, 'heard' FROM submission;
  `,
  `
  CREATE TABLE file (
    job TEXT NOT NULL,
    path TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    figure TEXT,
    PRIMARY KEY (job, path)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX file_figure ON file (figure) WHERE figure IS NOT NULL;
  `,
  `
  CREATE TABLE ask (
    id TEXT NOT NULL,
    run TEXT NOT NULL,
    kind TEXT NOT NULL,
    who TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (id, run)
  ) WITHOUT ROWID;
  CREATE TABLE successor (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  `,
];

/** Tells whether anything was ever stored; an object that is only asked (a guessed id) stays empty. */
export function hasSchema(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'").toArray().length > 0;
}

/** Brings a submission's storage to the newest form; on the second call it does nothing. */
export function migrateSubmission(sql: SqlStorage): void {
  migrate(sql, MIGRATIONS);
}
