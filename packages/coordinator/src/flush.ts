// Tells GitHub what it does not know yet. Every step is noted before and after it is taken, so that a crash between
// any two of them repeats at most what is safe to repeat.
import { isConcluded, renderComment, type Submission } from "@repx/core/model";
import {
  checkItem,
  COMMENT_ITEM,
  planItem,
  renderCheckPayload,
  renderExternalId,
  startItem,
  type GithubItem,
} from "./delivery.ts";
import { readItems, writeItem } from "./delivery-store.ts";
import { splitRepository, type AppClient } from "./github/app-client.ts";
import { createCheck, findCheck, updateCheck, type CheckPayload } from "./github/check-writer.ts";
import { writeComment } from "./github/comment-writer.ts";
import { readFailure } from "./github/failure.ts";
import { describeThrown, writeLog } from "./log.ts";
import type { SubmissionRow } from "./submission-store.ts";
import { hashText } from "./token.ts";

/** What telling works with. */
export interface Telling {
  readonly sql: SqlStorage;
  readonly github: AppClient;
  readonly appId: number;
  readonly row: SubmissionRow;
  readonly submission: Submission;
  /** Failures in a row before this flush. */
  readonly failures: number;
  readonly now: () => number;
}

/** How a flush ended: with so many writes, and a time to try again when GitHub did not take all. */
export interface FlushResult {
  readonly writes: number;
  readonly retryAt?: number;
}

/** GitHub is down when so many items in a row fail by its own fault. */
const MAX_FAILURES_IN_A_ROW = 3;

/**
 * Brings the checks and the comment at GitHub to what is stored. An item that GitHub fails over (5xx) or that cannot be
 * rendered does not hold up the others; a limit, a refused login or silence concerns them all and ends the flush.
 */
export async function flush(telling: Telling): Promise<FlushResult> {
  const { submission, row } = telling;
  const items = readItems(telling.sql);
  const steps = submission.runs.map((run) => ({
    name: checkItem(run.name),
    take: (item: GithubItem) => tellCheck(telling, item, run.name),
  }));
  if (row.pull_request !== null && isConcluded(submission)) {
    const pullRequest = row.pull_request;
    steps.push({ name: COMMENT_ITEM, take: (item) => tellComment(telling, item, pullRequest) });
  }
  let [writes, failures, retryAt] = [0, 0, 0];
  for (const { name, take } of steps) {
    const step = await take(items.get(name) ?? startItem(name)).catch((thrown: unknown) =>
      noteBug(telling, name, thrown),
    );
    writes += step.writes;
    retryAt = Math.max(retryAt, step.retryAt ?? 0);
    failures = step.failed === undefined ? 0 : failures + 1;
    if (step.failed === "all" || failures === MAX_FAILURES_IN_A_ROW) break;
  }
  return { writes, ...(retryAt > 0 && { retryAt }) };
}

/** How one item went; `failed` says whether GitHub failed over it alone, or would over all. */
interface Step extends FlushResult {
  readonly failed?: "one" | "all";
}

/** Wait after a failure of our own; GitHub's say how long they last. */
export const BUG_DELAY_MS = 60_000;

function noteBug(telling: Telling, item: string, thrown: unknown): Step {
  writeLog("failure", { submission: telling.row.id, item, cause: describeThrown(thrown) });
  return { writes: 0, retryAt: telling.now() + BUG_DELAY_MS };
}

async function tellCheck(telling: Telling, item: GithubItem, run: Submission["runs"][number]["name"]): Promise<Step> {
  const payload = renderCheckPayload(telling.submission, run, telling.row.created_at);
  const wanted = { status: payload.status, digest: hashText(JSON.stringify(payload)) };
  const action = planItem(item, wanted);
  if (action === "none") return { writes: 0 };
  // A concluded check run is not reopened (taskcluster#5085): another of the same name takes its place.
  const target = action === "follow" ? { ...startItem(item.name), generation: item.generation + 1 } : item;
  return attempt(telling, target, wanted, () => writeCheck(telling, target, payload, run));
}

async function writeCheck(
  telling: Telling,
  item: GithubItem,
  payload: CheckPayload,
  run: Submission["runs"][number]["name"],
): Promise<number> {
  const { github, row, submission, sql } = telling;
  const repository = splitRepository(row.repository);
  const address = {
    repository,
    headSha: row.head_sha,
    externalId: renderExternalId(submission, run, item.generation),
    detailsUrl: row.details_url,
  };
  const known =
    item.githubId ?? (item.isCreating ? await findCheck(github, telling.appId, address, payload.name) : undefined);
  if (known !== undefined) {
    await updateCheck(github, repository, known, payload);
    return known;
  }
  writeItem(sql, { ...item, isCreating: true });
  return createCheck(github, address, payload);
}

async function tellComment(telling: Telling, item: GithubItem, pullRequest: number): Promise<Step> {
  const { github, row } = telling;
  const text = renderComment(telling.submission).toWellFormed();
  const wanted = { status: "completed", digest: hashText(text) };
  if (planItem(item, wanted) === "none") return { writes: 0 };
  const address = {
    repository: splitRepository(row.repository),
    pullRequest,
    appId: telling.appId,
    appSlug: row.app_slug,
  };
  const payload = { submission: row.id, registeredAt: new Date(row.created_at).toISOString(), text };
  return attempt(telling, item, wanted, () => writeComment(github, address, payload, item.githubId ?? undefined));
}

/** Takes one step and notes how it ended: written, refused for good, or to be tried again. */
async function attempt(
  telling: Telling,
  item: GithubItem,
  wanted: { readonly status: string; readonly digest: string },
  write: () => Promise<number>,
): Promise<Step> {
  const { sql, row } = telling;
  try {
    const githubId = await write();
    writeItem(sql, { ...item, ...wanted, githubId, isCreating: false, refusedDigest: null });
    return { writes: 1 };
  } catch (thrown) {
    const failure = readFailure(thrown, telling.failures, telling.now());
    const log = { submission: row.id, item: item.name, outcome: failure.kind, reason: failure.reason };
    writeLog("github", log);
    if (failure.kind === "later") return { writes: 0, retryAt: failure.at, failed: failure.concerns };
    writeItem(sql, { ...item, isCreating: false, refusedDigest: wanted.digest }, failure.reason);
    return { writes: 0 };
  }
}
