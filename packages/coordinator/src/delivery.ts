// What GitHub shall be told and when. Pure: stored state in, decisions out. No I/O, no clock.
import { isFinal, renderCheck, type ReportLinks, type RunName, type Submission } from "@repx/core/model";
import type { CheckPayload } from "./github/check-writer.ts";

/** What was last told about one check or the comment. */
export interface GithubItem {
  readonly name: string;
  readonly githubId: number | null;
  /** From 1; a concluded check run cannot be reopened, so what follows it is another one. */
  readonly generation: number;
  /** A creation was begun and its answer is not known (a crash, a lost connection). */
  readonly isCreating: boolean;
  readonly status: string | null;
  readonly digest: string | null;
  /** The content that GitHub refused for good. */
  readonly refusedDigest: string | null;
  /** When it was created and last written, in milliseconds since 1970; 0 before that. */
  readonly createdAt: number;
  readonly writtenAt: number;
}

/** How far telling has come: it is complete when `deliveredRevision` has reached `revision`. */
export interface Delivery {
  readonly revision: number;
  readonly deliveredRevision: number;
  readonly flushedAt: number;
  readonly blockedUntil: number;
  readonly failures: number;
  /** When what had to wait for its turn is to be told; 0 when nothing had to. */
  readonly dueAt: number;
}

/**
 * What to do about one item. `find` looks for the one that may have been made already, and creates it if not; `follow` makes
 * another in its place; `wait` leaves it until its last write is old enough.
 */
export type ItemAction = "none" | "create" | "find" | "update" | "follow" | "wait";

/** GitHub shows a check's progress; more often than this nobody looks. */
export const FLUSH_INTERVAL_MS = 3_000;

/** A check's figures are written this often at most; its beginning and its end at once. */
export const CHECK_INTERVAL_MS = 15_000;

/** GitHub makes a check `stale` that is open for 14 days ("Using the REST API to interact with checks"). */
export const FRESH_MS = 13 * 24 * 3_600_000;

const MAX_RESCUE_DELAY_MS = 3_600_000;

/** The item of a submission's comment; the others are `check:<run>` and `checks`. */
export const COMMENT_ITEM = "comment";

/** Names the item of a run's check, or of the one for all runs when none is named. */
export function checkItem(run: RunName | undefined): string {
  return run === undefined ? "checks" : `check:${run}`;
}

/** An item that nothing was told about. */
export function startItem(name: string): GithubItem {
  return {
    name,
    githubId: null,
    generation: 1,
    isCreating: false,
    status: null,
    digest: null,
    refusedDigest: null,
    createdAt: 0,
    writtenAt: 0,
  };
}

/** What an item is to say. */
export interface Wanted {
  readonly status: string;
  readonly digest: string;
}

/** Decides what one item needs. After a refusal only its last word is tried again, and that once. */
export function planItem(item: GithubItem, wanted: Wanted, now: number): ItemAction {
  if (staleAt(item) <= now && wanted.status !== "completed") return "follow";
  if (item.digest === wanted.digest) return "none";
  const isLastWord = wanted.status === "completed" && wanted.digest !== item.refusedDigest;
  if (item.refusedDigest !== null && !isLastWord) return "none";
  if (item.status === "completed" && wanted.status !== "completed") return "follow";
  if (item.githubId === null) return item.isCreating ? "find" : "create";
  const isProgress = wanted.status === item.status && wanted.status !== "completed";
  return isProgress && now < item.writtenAt + CHECK_INTERVAL_MS ? "wait" : "update";
}

/** When an open check is to be replaced before GitHub calls it stale; Infinity for one that is not open. */
export function staleAt(item: GithubItem): number {
  return item.githubId === null || item.status === "completed" ? Infinity : item.createdAt + FRESH_MS;
}

/** Decides when to speak to GitHub next; undefined when all is told. */
export function planAlarm(delivery: Delivery, now: number): number | undefined {
  const earliest = Math.max(now, delivery.blockedUntil);
  const times = [
    ...(delivery.revision === delivery.deliveredRevision
      ? []
      : [Math.max(earliest, delivery.flushedAt + FLUSH_INTERVAL_MS)]),
    ...(delivery.dueAt === 0 ? [] : [Math.max(earliest, delivery.dueAt)]),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** When to look again should a flush end without a word (no memory, no time left); later each time. */
export function planRescue(failures: number, now: number): number {
  return now + Math.min(MAX_RESCUE_DELAY_MS, FLUSH_INTERVAL_MS * 2 ** Math.min(failures, 20));
}

/** The id by which a run's check is found again at GitHub; that of all runs has a star for a name. */
export function renderExternalId(submission: Submission, run: RunName | undefined, generation: number): string {
  return `${submission.id}/${run ?? "*"}${generation === 1 ? "" : `/${generation}`}`;
}

/** Renders the check of a run, or of all runs when none is named, as GitHub's API takes it. */
export function renderCheckPayload(
  submission: Submission,
  run: RunName | undefined,
  createdAt: number,
  links: ReportLinks = {},
): CheckPayload {
  const report = renderCheck(submission, run, links);
  const times = readTimes(submission, run, new Date(createdAt).toISOString());
  return {
    name: report.name,
    status: report.status,
    ...(report.status !== "queued" && { started_at: times.startedAt }),
    ...(report.conclusion !== undefined && { conclusion: report.conclusion, completed_at: times.endedAt }),
    // Half of a surrogate pair (a parameter "\\ud800") would make a request that is no UTF-8.
    output: {
      title: report.title.toWellFormed(),
      summary: report.summary.toWellFormed(),
      ...(report.text !== "" && { text: report.text.toWellFormed() }),
      ...(report.annotations.length > 0 && {
        annotations: report.annotations.map((annotation) => ({
          ...annotation,
          title: annotation.title.toWellFormed(),
          message: annotation.message.toWellFormed(),
        })),
      }),
    },
    // Also when there is none, so that those of an open check go.
    actions: report.actions,
  };
}

/** When the first job of one run, or of any, began and the last one ended; reused jobs took no time. */
function readTimes(
  submission: Submission,
  run: RunName | undefined,
  createdAt: string,
): { startedAt: string; endedAt: string } {
  let startedAt: string | undefined;
  let endedAt: string | undefined;
  const runs = submission.runs.filter(({ name }) => run === undefined || name === run);
  for (const job of runs.flatMap(({ jobs }) => jobs)) {
    const record = submission.records.get(job);
    if (record === undefined) continue;
    const [first = record] = record.earlier ?? [];
    for (const at of [first.startedAt, record.startedAt])
      if (at !== undefined && at < (startedAt ?? "~")) startedAt = at;
    const at = record.evidence?.at;
    if (isFinal(record.state) && at !== undefined && at > (endedAt ?? "")) endedAt = at;
  }
  // What is given up for silence has its end where the last word came.
  const { silence } = submission;
  if (silence?.isLost === true && silence.since > (endedAt ?? "")) endedAt = silence.since;
  const start = startedAt ?? endedAt ?? createdAt;
  // The cluster's clock may differ from ours; an end before its start would be shown as nonsense.
  return { startedAt: start, endedAt: endedAt === undefined || endedAt < start ? start : endedAt };
}
