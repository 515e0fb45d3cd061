// What carrying out a task works with, and the two things that every task does: ask who may, and start a workflow.
import { splitRepository, type AppClient } from "../github/app-client.ts";
import { mayWrite } from "../github/collaborator.ts";
import { dispatchWorkflow, type WorkflowFile } from "../github/dispatch-workflow.ts";
import { explainDispatch, type DispatchFailure } from "../github/explain-dispatch.ts";
import type { Person } from "./payloads.ts";
import { MAX_TRIES } from "./plan-tasks.ts";
import type { TaskPlace } from "./task.ts";

/** What carrying out works with. */
export interface Errand {
  readonly sql: SqlStorage;
  readonly env: Cloudflare.Env;
  readonly appId: number;
  readonly github: AppClient;
  /** Who may write and until when that is believed, by the person's number. */
  readonly permissions: Map<number, { readonly isAllowed: boolean; readonly until: number }>;
  readonly now: () => number;
}

/** A workflow to be run on the default branch: nothing that a pull request brings decides what it does. */
export interface Dispatch {
  readonly file: WorkflowFile;
  readonly inputs: Readonly<Record<string, string>>;
}

/** How it went, in a word for the log; `retryAt` when it is to be tried again. */
export interface Result {
  readonly outcome: "done" | "refused" | "failed" | "later" | "gone";
  readonly reason?: string;
  readonly retryAt?: number;
}

const PERMISSION_MS = 60_000;

/** Tells whether a person may write to the repository; asked of GitHub at most once a minute. */
export async function isAllowed(errand: Errand, place: TaskPlace, who: Person): Promise<boolean> {
  const known = errand.permissions.get(who.id);
  if (known !== undefined && known.until > errand.now()) return known.isAllowed;
  const allowed = await mayWrite(errand.github, splitRepository(place.repository), who);
  errand.permissions.set(who.id, { isAllowed: allowed, until: errand.now() + PERMISSION_MS });
  return allowed;
}

/** Starts a workflow; undefined when GitHub took it, else why not, with a time while it is worth asking again. */
export async function start(
  errand: Errand,
  place: TaskPlace,
  dispatch: Dispatch,
  tries: number,
): Promise<DispatchFailure | undefined> {
  try {
    await dispatchWorkflow(errand.github, splitRepository(place.repository), dispatch.file, dispatch.inputs);
    return undefined;
  } catch (thrown) {
    const { reason, retryAt } = explainDispatch(thrown, dispatch.file, tries, errand.now());
    return retryAt === undefined || tries + 1 >= MAX_TRIES ? { reason } : { reason, retryAt };
  }
}
