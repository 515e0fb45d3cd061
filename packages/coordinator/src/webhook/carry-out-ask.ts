// A re-run or a cancellation that a person asked for: who may, which workflow, and what the checks say of it.
import type { RunName, SubmissionId } from "@repx/core/model";
import type { AskState, AskSubject, NotedAsk } from "../ask/ask.ts";
import type { SubmissionEntry } from "../repository/entry.ts";
import type { SubmissionQuery } from "../repository/repository-object.ts";
import { isAllowed, start, type Dispatch, type Errand, type Result } from "./errand.ts";
import type { Person } from "./payloads.ts";
import type { TaskGroup } from "./plan-tasks.ts";
import type { AnyWork, TaskPlace } from "./task.ts";
import { insertTask } from "./webhook-store.ts";

/** GitHub lets a job wait a day for a self-hosted runner (docs.github.com, "Actions limits"). */
const EXPIRE_MS = 25 * 3_600_000;

/** What is asked of runs of one submission. */
export interface AskOrder {
  readonly kind: "rerun" | "cancel";
  readonly submission: SubmissionId;
  readonly runs: readonly RunName[];
  readonly who: Person;
}

/** Does what one person asked of runs of one submission; its checks say how it went. */
export async function carryOutAsk(errand: Errand, group: TaskGroup, order: AskOrder): Promise<Result> {
  const { place, at, tries, work } = group;
  const { kind, submission, runs, who } = order;
  const [first = ""] = group.ids;
  const stub = errand.env.SUBMISSIONS.getByName(submission);
  const draft = { id: first, kind, runs, who: who.login, at, repositoryId: String(place.repositoryId) };
  const note = async (state: AskState, reason: string | null = null) => stub.noteAsk({ ...draft, state, reason });
  // What a closed pull request's or a superseded submission's jobs come to is the repository's policy, whoever did that.
  if (work.kind !== "close" && work.kind !== "supersede" && !(await isAllowed(errand, place, who))) {
    await note("refused", "that needs write access to this repository");
    return { outcome: "refused" };
  }
  const subject = await note("asked");
  if (subject === undefined) return { outcome: "gone", reason: "no such submission in this repository" };
  const failed = await start(errand, place, renderDispatch(order, subject), tries);
  if (failed?.retryAt !== undefined) return { outcome: "later", ...failed };
  await note(failed === undefined ? "dispatched" : "failed", failed?.reason);
  if (failed !== undefined) return { outcome: "failed", ...failed };
  if (kind === "rerun") scheduleExpiry(errand, place, submission, { ...draft, state: "failed", reason: LOST });
  return { outcome: "done" };
}

/** Asks for everything again that a commit's newest submission ran. */
export async function rerunCommit(
  errand: Errand,
  group: TaskGroup,
  work: Extract<AnyWork, { kind: "rerun-commit" }>,
): Promise<Result> {
  const [newest] = await listSubmissions(errand, group.place, { headSha: work.headSha, limit: 1 });
  if (newest === undefined) return { outcome: "gone", reason: "no submission of this commit" };
  const runs = newest.runs.map(({ name }) => name);
  return carryOutAsk(errand, group, { kind: "rerun", submission: newest.id, runs, who: work.who });
}

/** Cancels what a closed pull request has open, where the repository wishes that. */
export async function closePullRequest(
  errand: Errand,
  group: TaskGroup,
  { pullRequest, who }: Extract<AnyWork, { kind: "close" }>,
): Promise<Result> {
  const open = await listSubmissions(errand, group.place, { pullRequest, isOpen: true });
  let last: Result = { outcome: "done" };
  for (const { id, runs, onClose } of open) {
    if (onClose !== "cancel") continue;
    const names = runs.map(({ name }) => name);
    const result = await carryOutAsk(errand, group, { kind: "cancel", submission: id, runs: names, who });
    if (result.outcome !== "done") last = result;
  }
  return last;
}

/** Cancels what a later push has taken the place of. */
export async function cancelSuperseded(
  errand: Errand,
  group: TaskGroup,
  { submission }: Extract<AnyWork, { kind: "supersede" }>,
): Promise<Result> {
  return carryOutAsk(errand, group, { kind: "cancel", submission, runs: [], who: { id: 0, login: "a later push" } });
}

/** Says in the checks that a re-run has come to nothing; where it has come to something, they go on saying that. */
export async function expireAsk(errand: Errand, work: Extract<AnyWork, { kind: "expire" }>): Promise<Result> {
  await errand.env.SUBMISSIONS.getByName(work.submission).noteAsk(work.ask);
  return { outcome: "done" };
}

async function listSubmissions(errand: Errand, place: TaskPlace, query: SubmissionQuery): Promise<SubmissionEntry[]> {
  return errand.env.REPOSITORIES.getByName(String(place.repositoryId)).listSubmissions(query);
}

const LOST =
  "no submission has come of it within a day. Look at the runs of `experiment.yml`: no runner may have taken it";

function scheduleExpiry(errand: Errand, place: TaskPlace, submission: SubmissionId, noted: NotedAsk): void {
  const task = { id: `expire:${noted.id}`, place, work: { kind: "expire", submission, ask: noted }, tries: 0 } as const;
  insertTask(errand.sql, { ...task, at: errand.now() }, errand.now() + EXPIRE_MS);
}

function renderDispatch({ kind, submission, runs, who }: AskOrder, subject: AskSubject): Dispatch {
  if (kind === "cancel") return { file: "cancel.yml", inputs: { submission, "asked-by": who.login } };
  return {
    file: "experiment.yml",
    inputs: {
      "head-sha": subject.headSha,
      "pull-request": subject.pullRequest === undefined ? "" : String(subject.pullRequest),
      runs: runs.join(" "),
      "asked-by": who.login,
    },
  };
}
