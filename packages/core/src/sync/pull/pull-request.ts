import type { JobId } from "../../model/ids.ts";
import type { TransferProgress } from "../progress.ts";

/** What of a job's folder is fetched: its outputs, or the logs and records of how it ran. Its marker always comes along. */
export type JobPart = "out" | "repx";

/** What to fetch from where to where. */
export interface PullRequest {
  /** On the target. */
  readonly basePath: string;
  readonly jobs: readonly JobId[];
  /** Absolute, here; `<job id>/out` and `<job id>/repx` come to lie in it. */
  readonly destination: string;
  readonly parts: readonly JobPart[];
  /** Patterns with `*` and `?` of paths inside `out/`; a file that fits one of them is fetched. `*` stands for `/` as well. */
  readonly match?: readonly string[];
  /** Jobs without SUCCESS are passed over. */
  readonly isSucceededOnly?: boolean;
  /** Larger files are left out. */
  readonly maxFileBytes?: number;
  /** SYNC_TOO_LARGE when more would have to be fetched. */
  readonly maxTotalBytes?: number;
  readonly onProgress?: (progress: TransferProgress) => void;
}

/** A file that was not fetched. */
export interface LeftOut {
  /** For people: `<job id>/out/…`, with U+FFFD for what is no UTF-8. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly reason: string;
}

/** What a look at both sides found. */
export interface PullPreview {
  /** Of the files that are to be fetched. */
  readonly bytes: number;
  readonly files: number;
  /** Files that are here as they are there. */
  readonly skippedFiles: number;
  readonly leftOut: readonly LeftOut[];
  /** Jobs that have nothing there of what was asked for. */
  readonly missingJobs: readonly JobId[];
  /** Jobs that were passed over, as they have not succeeded. */
  readonly unreadyJobs: readonly JobId[];
  /** Names with control characters or bytes that are no UTF-8; they are fetched. */
  readonly oddNames: readonly string[];
}

/** What came: `bytes` and `files` are those that are in place now. */
export interface Pulled extends PullPreview {
  /** On the wire, compressed. */
  readonly sentBytes: number;
}
