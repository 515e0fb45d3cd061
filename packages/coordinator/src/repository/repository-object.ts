import { DurableObject } from "cloudflare:workers";
import { migrate } from "../migrate.ts";
import type { CommitSha, LabHash, SubmissionId } from "@repx/core/model";
import type { SubmissionEntry } from "./entry.ts";

/** Numbered steps; one that was once released is never edited. */
const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE submission (
  id TEXT PRIMARY KEY,
  pull_request INTEGER,
  head_sha TEXT NOT NULL,
  lab TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  is_concluded INTEGER NOT NULL,
  entry TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX submission_by_time ON submission (created_at);
CREATE INDEX submission_by_pull_request ON submission (pull_request, created_at);
CREATE INDEX submission_by_head ON submission (head_sha, created_at);
CREATE INDEX submission_by_lab ON submission (lab, created_at);
  `,
];

const MAX_LISTED = 200;

/** Which submissions of a repository are listed; all of them when nothing is asked for. */
export interface SubmissionQuery {
  readonly pullRequest?: number;
  readonly headSha?: CommitSha;
  readonly lab?: LabHash;
  readonly isOpen?: boolean;
  /** Only those made before this time, in milliseconds since 1970: the next page. */
  readonly before?: number;
  /** At most 200, which is also what is listed when nothing is said. */
  readonly limit?: number;
}

/** One repository, by GitHub's number of it: the index of its submissions. Holds no rules. */
export class RepositoryObject extends DurableObject {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    state.storage.transactionSync(() => migrate(this.#sql, MIGRATIONS));
  }

  /**
   * Notes how a submission stands; the same entry again changes nothing. Names those that it takes the place of: of the
   * same pull request, made before it for other commits, not concluded.
   */
  note(entry: SubmissionEntry): SubmissionId[] {
    this.#sql.exec(
      "INSERT OR REPLACE INTO submission VALUES (?, ?, ?, ?, ?, ?, ?)",
      entry.id,
      entry.pullRequest,
      entry.headSha,
      entry.lab,
      entry.createdAt,
      entry.isConcluded ? 1 : 0,
      JSON.stringify(entry),
    );
    if (entry.pullRequest === null) return [];
    return this.listSubmissions({ pullRequest: entry.pullRequest, isOpen: true, before: entry.createdAt })
      .filter((other) => other.headSha !== entry.headSha)
      .map((other) => other.id);
  }

  /** Lists submissions, newest first. */
  listSubmissions(query: SubmissionQuery = {}): SubmissionEntry[] {
    const conditions = [
      ...(query.pullRequest === undefined ? [] : [{ sql: "pull_request = ?", value: query.pullRequest }]),
      ...(query.headSha === undefined ? [] : [{ sql: "head_sha = ?", value: query.headSha }]),
      ...(query.lab === undefined ? [] : [{ sql: "lab = ?", value: query.lab }]),
      ...(query.isOpen === undefined ? [] : [{ sql: "is_concluded = ?", value: query.isOpen ? 0 : 1 }]),
      ...(query.before === undefined ? [] : [{ sql: "created_at < ?", value: query.before }]),
    ];
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}`;
    const limit = Math.min(query.limit ?? MAX_LISTED, MAX_LISTED);
    const rows = this.#sql.exec<{ entry: string }>(
      `SELECT entry FROM submission ${where} ORDER BY created_at DESC, id DESC LIMIT ?`,
      ...conditions.map(({ value }) => value),
      limit,
    );
    // Only text that `note` wrote is parsed.
    return [...rows].map(({ entry }): SubmissionEntry => JSON.parse(entry));
  }
}
