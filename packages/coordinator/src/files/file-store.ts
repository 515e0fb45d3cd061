import type { JobId } from "@repx/core/model";
import type { FileName } from "./file-path.ts";

/** A file that lies in the bucket. */
export interface StoredFile {
  readonly job: JobId;
  readonly path: string;
  readonly sizeBytes: number;
  /** Of a picture: what its public address ends in. */
  readonly figure: string | null;
}

/** Whether a file may be stored. */
export type FilePlan = "fits" | "no such job" | "no room";

/** Far above what people look at; it keeps one submission from filling the bucket. */
export const MAX_FILES = 20_000;
export const MAX_TOTAL_BYTES = 2_000_000_000;

/** Says whether another file fits beside those that are there. */
export function planFile(total: { readonly count: number; readonly bytes: number }, sizeBytes: number): FilePlan {
  return total.count < MAX_FILES && total.bytes + sizeBytes <= MAX_TOTAL_BYTES ? "fits" : "no room";
}

/** Says what a submission's files come to without one of them, which is about to be replaced. */
export function readTotal(sql: SqlStorage, { job, path }: FileName): { count: number; bytes: number } {
  return sql
    .exec<{ count: number; bytes: number }>(
      "SELECT COUNT(*) AS count, COALESCE(SUM(size_bytes), 0) AS bytes FROM file WHERE NOT (job = ? AND path = ?)",
      job,
      path,
    )
    .one();
}

/** Notes a file; one that is sent again keeps its public address. True when there is a picture that was not there. */
export function noteFile(sql: SqlStorage, file: StoredFile, now: number): boolean {
  const isKnown = sql.exec("SELECT 1 FROM file WHERE job = ? AND path = ?", file.job, file.path).toArray().length > 0;
  sql.exec(
    `INSERT INTO file VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (job, path) DO UPDATE SET size_bytes = excluded.size_bytes, stored_at = excluded.stored_at`,
    file.job,
    file.path,
    file.sizeBytes,
    now,
    file.figure,
  );
  return !isKnown && file.figure !== null;
}

/** Lists files, of one job or of all, by job and path. */
export function listFiles(sql: SqlStorage, job?: JobId): StoredFile[] {
  const query = `SELECT job, path, size_bytes AS sizeBytes, figure FROM file ${job === undefined ? "" : "WHERE job = ?"}
    ORDER BY job, path`;
  return sql.exec<StoredFile & Record<string, SqlStorageValue>>(query, ...(job === undefined ? [] : [job])).toArray();
}

/** Lists the first pictures, by job and path: more than a report shows is not read. */
export function listFigures(sql: SqlStorage, most: number): StoredFile[] {
  const query = `SELECT job, path, size_bytes AS sizeBytes, figure FROM file WHERE figure IS NOT NULL ORDER BY job, path LIMIT ?`;
  return sql.exec<StoredFile & Record<string, SqlStorageValue>>(query, most).toArray();
}

/** Finds the picture whose public address ends so. */
export function findFigure(sql: SqlStorage, figure: string): StoredFile | undefined {
  const query = "SELECT job, path, size_bytes AS sizeBytes, figure FROM file WHERE figure = ?";
  return sql.exec<StoredFile & Record<string, SqlStorageValue>>(query, figure).toArray()[0];
}
