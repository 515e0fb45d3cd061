import type { Delivery, GithubItem } from "./delivery.ts";

/** Begins the telling of a new submission: nothing is told yet. */
export function insertDelivery(sql: SqlStorage): void {
  sql.exec("INSERT INTO delivery VALUES (1, 0, 0, 0, 0, 0)");
}

/** Reads how far telling has come. */
export function readDelivery(sql: SqlStorage): Delivery {
  return sql
    .exec<Delivery & Record<string, number>>(
      `SELECT revision, delivered_revision AS deliveredRevision, flushed_at AS flushedAt,
       blocked_until AS blockedUntil, failures, due_at AS dueAt FROM delivery`,
    )
    .one();
}

/** Notes that there is something new to tell. */
export function noteChange(sql: SqlStorage): void {
  sql.exec("UPDATE delivery SET revision = revision + 1");
}

/** Notes that telling begins now; it counts as a failure until it has ended otherwise. */
export function noteFlush(sql: SqlStorage, now: number): void {
  sql.exec("UPDATE delivery SET flushed_at = ?, failures = failures + 1", now);
}

/** Notes that everything up to a revision is told, or refused for good, but for what is due at a time (0: nothing). */
export function noteDelivered(sql: SqlStorage, revision: number, dueAt: number): void {
  sql.exec("UPDATE delivery SET delivered_revision = ?, failures = 0, blocked_until = 0, due_at = ?", revision, dueAt);
}

/** Notes that GitHub is not to be asked before a time. */
export function noteBlocked(sql: SqlStorage, until: number): void {
  sql.exec("UPDATE delivery SET blocked_until = ?", until);
}

/** Reads what was told, by item. */
export function readItems(sql: SqlStorage): Map<string, GithubItem> {
  const rows = sql.exec<Omit<GithubItem, "isCreating"> & { isCreating: number } & Record<string, SqlStorageValue>>(
    `SELECT name, github_id AS githubId, generation, is_creating AS isCreating, status, digest,
     refused_digest AS refusedDigest, created_at AS createdAt, written_at AS writtenAt FROM github_item`,
  );
  return new Map([...rows].map((row) => [row.name, { ...row, isCreating: row.isCreating === 1 }]));
}

/** Writes what was told about one item, with the reason where it was refused. */
export function writeItem(sql: SqlStorage, item: GithubItem, refusal?: string): void {
  sql.exec(
    "INSERT OR REPLACE INTO github_item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    item.name,
    item.githubId,
    item.generation,
    item.isCreating ? 1 : 0,
    item.status,
    item.digest,
    item.refusedDigest,
    refusal ?? null,
    item.createdAt,
    item.writtenAt,
  );
}

/** Reads when the oldest check was created that is open at GitHub; undefined when none is. */
export function readOldestOpenCheck(sql: SqlStorage): number | undefined {
  const [row] = sql
    .exec<{ at: number | null }>(
      "SELECT MIN(created_at) AS at FROM github_item WHERE github_id IS NOT NULL AND status <> 'completed'",
    )
    .toArray();
  return row?.at ?? undefined;
}
