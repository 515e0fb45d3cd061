// Tells GitHub what it does not know yet. Every step is noted before and after it is taken, so that a crash between
// any two of them repeats at most what is safe to repeat.
import {
  isCommentWanted,
  isConcluded,
  listChecks,
  renderComment,
  type CheckName,
  type ReportLinks,
  type Submission,
} from "@repx/core/model";
import { applyAsk } from "./ask/ask.ts";
import { readAsk, readSuccessor } from "./ask/ask-store.ts";
import { CREATE, READ, UPDATE, type Cost, type Urgency } from "./budget/spending.ts";
import {
  checkItem,
  CHECK_INTERVAL_MS,
  COMMENT_ITEM,
  planItem,
  renderCheckPayload,
  renderExternalId,
  startItem,
  type GithubItem,
  type Wanted,
} from "./delivery.ts";
import { readItems, writeItem } from "./delivery-store.ts";
import { splitRepository, type AppClient } from "./github/app-client.ts";
import { ANNOTATIONS_AT_ONCE, createCheck, findCheck, updateCheck, type CheckPayload } from "./github/check-writer.ts";
import { writeComment } from "./github/comment-writer.ts";
import { readFailure } from "./github/failure.ts";
import { describeThrown, writeLog } from "./log.ts";
import { readPolicy, type SubmissionRow } from "./submission-store.ts";
import { hashText } from "./token.ts";

/** What the installation may ask of GitHub. */
export interface Budget {
  /** Takes leave for a call: undefined when it may be made now, else when to ask again. */
  spend(cost: Cost, urgency: Urgency): Promise<number | undefined>;
  /** Notes that GitHub takes no more before a time. */
  block(until: number): Promise<void>;
}

/** What telling works with. */
export interface Telling {
  readonly sql: SqlStorage;
  readonly github: AppClient;
  readonly budget: Budget;
  readonly appId: number;
  readonly row: SubmissionRow;
  readonly submission: Submission;
  readonly links: ReportLinks;
  /** Failures in a row before this flush. */
  readonly failures: number;
  readonly now: () => number;
}

/** How a flush ended: with so many writes, a time to try again when GitHub did not take all, and one for what must wait its turn. */
export interface FlushResult {
  readonly writes: number;
  readonly retryAt?: number;
  readonly dueAt?: number;
}

/** GitHub is down when so many items in a row fail by its own fault. */
const MAX_FAILURES_IN_A_ROW = 3;

/** Wait after a failure of our own; GitHub's say how long they last. */
export const BUG_DELAY_MS = 60_000;

/** How one item went; `failed` says whether GitHub failed over it alone, or would over all. */
interface Outcome extends FlushResult {
  readonly failed?: "one" | "all";
}

/** One thing to tell. */
interface Step {
  readonly item: GithubItem;
  readonly wanted: Wanted;
  readonly urgency: Urgency;
  readonly cost: Cost;
  /** Answers the id at GitHub; null when nothing was to be said after all. */
  readonly write: (item: GithubItem) => Promise<number | null>;
}

const RANK: Record<Urgency, number> = { concluded: 0, created: 1, progress: 2 };

/**
 * Brings the checks and the comment at GitHub to what is stored, the most urgent first. An item that GitHub fails over
 * (5xx) or that cannot be rendered does not hold up the others; a limit, a refused login or silence concerns them all and ends the flush.
 */
export async function flush(telling: Telling): Promise<FlushResult> {
  const { steps, outcomes } = planSteps(telling);
  let failures = 0;
  for (const step of steps.toSorted((left, right) => RANK[left.urgency] - RANK[right.urgency])) {
    const outcome = await takeStep(telling, step).catch((thrown: unknown) => noteBug(telling, step.item.name, thrown));
    outcomes.push(outcome);
    failures = outcome.failed === undefined ? 0 : failures + 1;
    if (outcome.failed === "all" || failures === MAX_FAILURES_IN_A_ROW) break;
  }
  const writes = outcomes.reduce((sum, outcome) => sum + outcome.writes, 0);
  const retries = outcomes.flatMap(({ retryAt }) => retryAt ?? []);
  const dues = outcomes.flatMap(({ dueAt }) => dueAt ?? []);
  return {
    writes,
    ...(retries.length > 0 && { retryAt: Math.max(...retries) }),
    ...(dues.length > 0 && { dueAt: Math.min(...dues) }),
  };
}

/** What there is to tell; what cannot be rendered, and what waits, is an outcome already. */
function planSteps(telling: Telling): { readonly steps: readonly Step[]; readonly outcomes: Outcome[] } {
  const { submission, row } = telling;
  const items = readItems(telling.sql);
  const told = new Set(submission.runs.map(({ name }) => name).filter((run) => items.has(checkItem(run))));
  const planners = listChecks(submission, told).map((check) => {
    const name = checkItem(check.run);
    return { name, plan: (item: GithubItem) => planCheck(telling, item, check) };
  });
  if (row.pull_request !== null && isConcluded(submission) && readPolicy(row).comment !== "never") {
    const pullRequest = row.pull_request;
    planners.push({ name: COMMENT_ITEM, plan: (item) => planComment(telling, item, pullRequest) });
  }
  const steps: Step[] = [];
  const outcomes: Outcome[] = [];
  for (const { name, plan } of planners) {
    try {
      const planned = plan(items.get(name) ?? startItem(name));
      if (planned === undefined) continue;
      if ("writes" in planned) outcomes.push(planned);
      else steps.push(planned);
    } catch (thrown) {
      outcomes.push(noteBug(telling, name, thrown));
    }
  }
  return { steps, outcomes };
}

function noteBug(telling: Telling, item: string, thrown: unknown): Outcome {
  writeLog("failure", { submission: telling.row.id, item, cause: describeThrown(thrown) });
  return { writes: 0, retryAt: telling.now() + BUG_DELAY_MS };
}

function planCheck(telling: Telling, item: GithubItem, { run }: CheckName): Step | Outcome | undefined {
  const report = renderCheckPayload(telling.submission, run, telling.row.created_at, telling.links);
  const payload = applyAsk(report, readAsk(telling.sql, run), readSuccessor(telling.sql));
  const wanted = { status: payload.status, digest: hashText(JSON.stringify(payload)) };
  const action = planItem(item, wanted, telling.now());
  if (action === "none") return undefined;
  if (action === "wait") return { writes: 0, dueAt: item.writtenAt + CHECK_INTERVAL_MS };
  // A concluded check run is not reopened (taskcluster#5085): another of the same name takes its place.
  const target = action === "follow" ? { ...startItem(item.name), generation: item.generation + 1 } : item;
  const urgency = payload.status === "completed" ? "concluded" : target.githubId === null ? "created" : "progress";
  const batches = Math.ceil((payload.output.annotations?.length ?? 0) / ANNOTATIONS_AT_ONCE);
  const points = (action === "find" ? READ.points : 0) + batches * UPDATE.points;
  const write = async (known: GithubItem) => writeCheck(telling, known, payload, run);
  return { item: target, wanted, urgency, cost: addPoints(target, points), write };
}

async function writeCheck(
  telling: Telling,
  item: GithubItem,
  payload: CheckPayload,
  run: CheckName["run"],
): Promise<number> {
  const { github, row, submission, sql } = telling;
  const repository = splitRepository(row.repository);
  const address = {
    repository,
    headSha: row.head_sha,
    externalId: renderExternalId(submission, run, item.generation),
    detailsUrl: telling.links.detailsUrl ?? row.details_url,
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

function planComment(telling: Telling, item: GithubItem, pullRequest: number): Step | undefined {
  const { github, row, submission, links } = telling;
  const { comment: policy } = readPolicy(row);
  const text = renderComment(submission, links).toWellFormed();
  const wanted = { status: "completed", digest: hashText(text) };
  const action = planItem(item, wanted, telling.now());
  if (action === "none" || action === "wait") return undefined;
  const address = {
    repository: splitRepository(row.repository),
    pullRequest,
    appId: telling.appId,
    appSlug: row.app_slug,
  };
  const isWanted = (previous: string | undefined) => isCommentWanted(policy, submission, previous, links);
  const payload = { submission: row.id, registeredAt: new Date(row.created_at).toISOString(), text, isWanted };
  const write = async (known: GithubItem) => writeComment(github, address, payload, known.githubId ?? undefined);
  // Whether there is one is always looked up first.
  return { item, wanted, urgency: "concluded", cost: addPoints(item, READ.points), write };
}

function addPoints(item: GithubItem, points: number): Cost {
  const cost = item.githubId === null ? CREATE : UPDATE;
  return { ...cost, points: cost.points + points };
}

/** Takes one step and notes how it ended: written, refused for good, to be tried again, or waiting for its turn. */
async function takeStep(telling: Telling, step: Step): Promise<Outcome> {
  const { sql, row, budget } = telling;
  const { item, wanted } = step;
  const dueAt = await budget.spend(step.cost, step.urgency);
  if (dueAt !== undefined) return { writes: 0, dueAt };
  try {
    const githubId = await step.write(item);
    const now = telling.now();
    const createdAt = item.githubId === null ? now : item.createdAt;
    writeItem(sql, { ...item, ...wanted, githubId, isCreating: false, refusedDigest: null, createdAt, writtenAt: now });
    return { writes: 1 };
  } catch (thrown) {
    const failure = readFailure(thrown, telling.failures, telling.now());
    const log = { submission: row.id, item: item.name, outcome: failure.kind, reason: failure.reason };
    writeLog("github", log);
    if (failure.kind === "later") {
      if (failure.isLimit) await budget.block(failure.at);
      return { writes: 0, retryAt: failure.at, failed: failure.concerns };
    }
    writeItem(sql, { ...item, isCreating: false, refusedDigest: wanted.digest }, failure.reason);
    return { writes: 0 };
  }
}
