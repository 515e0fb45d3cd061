// What a webhook asks of us. Pure: a payload in, a task or the reason for none out.
import { RunName, SubmissionId, type CommitSha } from "@repx/core/model";
import * as z from "zod";
import type { NotedAsk } from "../ask/ask.ts";
import { parseApproval } from "./approval.ts";
import { CheckRunPayload, CheckSuitePayload, PullRequestPayload, type Delivery, type Person } from "./payloads.ts";

/** Where a task belongs, as GitHub's signed payload says. */
export interface TaskPlace {
  readonly repository: string;
  readonly repositoryId: number;
  readonly installationId: number;
}

/** What is to be done. */
export type Work =
  | { readonly kind: "rerun"; readonly submission: SubmissionId; readonly run?: RunName; readonly who: Person }
  | { readonly kind: "rerun-commit"; readonly headSha: CommitSha; readonly who: Person }
  | { readonly kind: "cancel"; readonly submission: SubmissionId; readonly run?: RunName; readonly who: Person }
  | {
      readonly kind: "show-approval";
      readonly pullRequest: number;
      readonly headSha: CommitSha;
      readonly author: string | undefined;
    }
  | {
      readonly kind: "approve";
      readonly pullRequest: number;
      readonly headSha: CommitSha;
      readonly checkRunId: number;
      readonly who: Person;
    }
  | { readonly kind: "close"; readonly pullRequest: number; readonly who: Person };

/**
 * What is to be done; the last three we ask of ourselves: to look whether a re-run has come to anything, to cancel what a later
 * push has taken the place of, and to publish the results of what is complete.
 */
export type AnyWork =
  | Work
  | { readonly kind: "expire"; readonly submission: SubmissionId; readonly ask: NotedAsk }
  | { readonly kind: "supersede"; readonly submission: SubmissionId }
  | {
      readonly kind: "publish";
      readonly headSha: CommitSha;
      readonly pullRequest: number | null;
      readonly runs: string;
    };

/** A task, or why a payload makes none. */
export type Reading = { readonly place: TaskPlace; readonly work: Work } | { readonly ignored: string };

/** Our App, as its own events show it. */
interface App {
  readonly id: number;
  readonly slug?: string | undefined;
}

/** Reads a signed payload; throws zod's error when it is not as GitHub documents it. */
export function readTask(event: string, payload: unknown, appId: number): Reading {
  const action = z.object({ action: z.string().max(100) }).safeParse(payload).data?.action ?? "";
  if (event === "check_run" && (action === "rerequested" || action === "requested_action")) {
    return readCheckRun(action, CheckRunPayload.parse(payload), appId);
  }
  if (event === "check_suite" && action === "rerequested") {
    return readCheckSuite(CheckSuitePayload.parse(payload), appId);
  }
  if (event === "pull_request" && ["opened", "reopened", "synchronize", "closed"].includes(action)) {
    return readPullRequest(action, PullRequestPayload.parse(payload));
  }
  return { ignored: "nothing to do for this event" };
}

function readCheckRun(action: string, payload: z.infer<typeof CheckRunPayload>, appId: number): Reading {
  const { check_run: check, sender } = payload;
  const foreign = refuseForeign(check.app, sender, appId);
  if (foreign !== undefined) return foreign;
  const place = readPlace(payload);
  const id = check.external_id ?? "";
  const button = action === "rerequested" ? "rerun-failed" : (payload.requested_action?.identifier ?? "");
  const commit = parseApproval(id);
  if (commit !== undefined) {
    if (commit.headSha !== check.head_sha) return { ignored: "a check that is not on its commit" };
    if (button === "approve") return { place, work: { kind: "approve", ...commit, checkRunId: check.id, who: sender } };
    // GitHub clears the suite's conclusion when a check is asked for again; only writing the check brings it back.
    return { place, work: { kind: "show-approval", ...commit, author: undefined } };
  }
  const subject = parseExternalId(id);
  if (subject === undefined) return { ignored: "a check of ours without a submission" };
  if (button === "rerun-failed") return { place, work: { kind: "rerun", ...subject, who: sender } };
  if (button === "cancel") return { place, work: { kind: "cancel", ...subject, who: sender } };
  return { ignored: "a button that is not ours" };
}

function readCheckSuite(payload: z.infer<typeof CheckSuitePayload>, appId: number): Reading {
  const { check_suite: suite, sender } = payload;
  const foreign = refuseForeign(suite.app, sender, appId);
  if (foreign !== undefined) return foreign;
  return { place: readPlace(payload), work: { kind: "rerun-commit", headSha: suite.head_sha, who: sender } };
}

function readPullRequest(action: string, payload: z.infer<typeof PullRequestPayload>): Reading {
  const { number: pullRequest, head, base, user } = payload.pull_request;
  const place = readPlace(payload);
  if (action === "closed") return { place, work: { kind: "close", pullRequest, who: payload.sender } };
  // Of a deleted fork GitHub shows no repository; what remains is a commit of a stranger all the same.
  if (head.repo !== null && head.repo.id === base.repo?.id) return { ignored: "not from a fork" };
  return { place, work: { kind: "show-approval", pullRequest, headSha: head.sha, author: user?.login } };
}

/** GitHub sends every App the events of its own checks, ours too when we cause them: answering those would never end. */
function refuseForeign(app: App, sender: Person, appId: number): Reading | undefined {
  if (app.id !== appId) return { ignored: "a check of another App" };
  return app.slug !== undefined && sender.login === `${app.slug}[bot]` ? { ignored: "an event of our own" } : undefined;
}

function readPlace({ repository, installation }: Delivery): TaskPlace {
  return {
    repository: repository.full_name,
    repositoryId: repository.id,
    installationId: installation.id,
  };
}

/** Reads the id that a check carries: `<submission>/<run>`, `*` for all runs, with `/<generation>` from the second on. */
function parseExternalId(id: string): { submission: SubmissionId; run?: RunName } | undefined {
  const [submission, run, generation, ...more] = id.split("/");
  if (more.length > 0 || (generation !== undefined && !/^[0-9]{1,9}$/.test(generation))) return undefined;
  if (run === "*") return z.object({ submission: SubmissionId }).safeParse({ submission }).data;
  return z.object({ submission: SubmissionId, run: RunName }).safeParse({ submission, run }).data;
}
