// What a person asked of a run (again, or to cancel it) and what its check says of that. Pure. No I/O, no clock.
import { renderCode, type CommitSha, type RunName, type SubmissionId } from "@repx/core/model";
import type { CheckPayload } from "../github/check-writer.ts";
import { renderPerson } from "../person.ts";

/** `asked`: stored; `dispatched`: the workflow was asked to run; `refused`: may not; `failed`: could not. */
export type AskState = "asked" | "dispatched" | "refused" | "failed";

/** What was asked of one run. */
export interface Ask {
  readonly kind: "rerun" | "cancel";
  readonly who: string;
  readonly at: number;
  readonly state: AskState;
  /** Of a refused or failed one: a sentence without its full stop, and what to do. */
  readonly reason: string | null;
}

/** An ask to be stored; the same `id` and run again replaces it. */
export interface NotedAsk extends Ask {
  readonly id: string;
  readonly runs: readonly RunName[];
  /** GitHub's number of the repository that the ask came from. */
  readonly repositoryId: string;
}

/** What an ask is about. */
export interface AskSubject {
  readonly headSha: CommitSha;
  readonly pullRequest: number | undefined;
}

/** A later submission of the same commit. */
export interface Successor {
  readonly id: SubmissionId;
  readonly at: number;
}

/**
 * Lets a run's check say what was asked. A concluded one becomes a queued one (delivery.ts makes it another check run)
 * until the re-run's submission is there: then it shows its own result again, for that one's check is the newer of the name.
 */
export function applyAsk(report: CheckPayload, ask: Ask | undefined, successor: Successor | undefined): CheckPayload {
  const isOver = successor !== undefined && (ask === undefined || ask.at < successor.at);
  const payload = isOver ? addNote(report, renderSuccessor(successor)) : report;
  if (ask === undefined) return payload;
  const what = ask.kind === "rerun" ? "re-run" : "cancelling";
  const asked = `${what} asked by ${renderPerson(ask.who)} at ${new Date(ask.at).toISOString()}`;
  if (ask.kind === "rerun" && isOver) return addNote(payload, `${asked}.`);
  if (ask.state === "refused" || ask.state === "failed") {
    const title = `${what} ${ask.state === "refused" ? "refused" : "not started"}; ${payload.output.title}`;
    return addNote(payload, `**${asked}: ${ask.reason ?? ask.state}**`, title);
  }
  if (ask.kind === "cancel" || payload.status !== "completed") return addNote(payload, `**${asked}**`);
  const summary = `**${asked}.** ${renderProgress(ask.state)}\n\nBefore: ${renderCode(payload.output.title)}`;
  return { name: payload.name, status: "queued", output: { title: `re-run asked by ${ask.who}`, summary } };
}

function renderSuccessor({ id }: Successor): string {
  return `**A later submission of this commit took over (\`${id}\`): its check of this name counts.**`;
}

function renderProgress(state: AskState): string {
  return state === "asked"
    ? "GitHub is being asked to run the workflow `experiment.yml`."
    : "The workflow `experiment.yml` was asked to run; its result will stand in another check of this name.";
}

function addNote(payload: CheckPayload, note: string, title = payload.output.title): CheckPayload {
  return { ...payload, output: { ...payload.output, title, summary: `${note}\n\n${payload.output.summary}` } };
}
