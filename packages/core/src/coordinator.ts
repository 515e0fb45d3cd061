import type * as z from "zod";
import { isCode, RepxError } from "./model/errors.ts";
import type { LabHash, RunName, SubmissionId } from "./model/ids.ts";
import {
  ErrorAnswer,
  EventReceipt,
  KnownLab,
  SubmissionReceipt,
  SubmissionView,
  type JobEvent,
  type SubmissionRequest,
} from "./model/protocol.ts";

const DEADLINE_MS = 30_000;

/** Registers a submission; `idToken` is GitHub's OIDC token for the coordinator's origin. */
export async function registerSubmission(
  coordinator: string,
  idToken: string,
  request: SubmissionRequest,
): Promise<SubmissionReceipt> {
  const body = JSON.stringify(request);
  return ask(coordinator, "/api/submissions", SubmissionReceipt, idToken, { type: "application/json", body });
}

/** Looks for a submission in which the runs have passed with the same Lab; undefined when there is none. */
export async function findKnownLab(
  coordinator: string,
  idToken: string,
  { lab, target, runs }: { readonly lab: LabHash; readonly target: string; readonly runs: readonly RunName[] },
): Promise<KnownLab | undefined> {
  const query = new URLSearchParams({ target });
  for (const run of runs) query.append("run", run);
  try {
    return await ask(coordinator, `/api/labs/${lab}?${query.toString()}`, KnownLab, idToken);
  } catch (error) {
    if (error instanceof RepxError && error.code === "COORD_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Reports events of a submission with its own token. */
export async function postEvents(
  coordinator: string,
  submission: { readonly id: SubmissionId; readonly token: string },
  events: readonly JobEvent[],
): Promise<EventReceipt> {
  const body = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  return ask(coordinator, `/api/submissions/${submission.id}/events`, EventReceipt, submission.token, {
    type: "application/x-ndjson",
    body,
  });
}

/** Reads where a submission stands. */
export async function readSubmission(
  coordinator: string,
  submission: { readonly id: SubmissionId; readonly token: string },
): Promise<SubmissionView> {
  return ask(coordinator, `/api/submissions/${submission.id}`, SubmissionView, submission.token);
}

async function ask<T>(
  coordinator: string,
  path: string,
  schema: z.ZodType<T>,
  token: string,
  content?: { readonly type: string; readonly body: string },
): Promise<T> {
  const url = new URL(path, coordinator);
  const answer = await send(url, token, content);
  if (!answer.isOk) throw readRefusal(url, answer.status, answer.text);
  const parsed = schema.safeParse(parseJson(answer.text));
  if (parsed.success) return parsed.data;
  throw new RepxError("COORD_ANSWER_INVALID", `${url.origin} answered ${path} with something else than was agreed`, {
    hint: "Check that the `coordinator` input is the address of a RepX coordinator, and that it is as new as this Action.",
    cause: parsed.error,
  });
}

interface Answer {
  readonly isOk: boolean;
  readonly status: number;
  readonly text: string;
}

/** Sends a request and reads all of its answer; a connection may break, and the deadline pass, until its last byte. */
async function send(
  url: URL,
  token: string,
  content: { readonly type: string; readonly body: string } | undefined,
): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method: content === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, ...(content === undefined ? {} : { "content-type": content.type }) },
      ...(content === undefined ? {} : { body: content.body }),
      redirect: "error",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return { isOk: answer.ok, status: answer.status, text: await answer.text() };
  } catch (cause) {
    throw new RepxError(
      "COORD_UNREACHABLE",
      `the coordinator at ${url.origin} cannot be reached (${describeCause(cause)})`,
      {
        hint: `Check the \`coordinator\` input and that it answers: curl ${url.origin}/healthz`,
        cause,
      },
    );
  }
}

/** fetch() hides the reason one level down: `TypeError: fetch failed`, cause `connect ECONNREFUSED`. */
function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function readRefusal(url: URL, status: number, text: string): RepxError {
  const refusal = ErrorAnswer.safeParse(parseJson(text)).data?.error;
  if (refusal !== undefined && isCode(refusal.code)) {
    return new RepxError(refusal.code, refusal.message, { hint: refusal.hint, details: { status } });
  }
  return new RepxError(
    status >= 500 ? "COORD_UNREACHABLE" : "COORD_ANSWER_INVALID",
    `${url.origin}${url.pathname} answered ${status}`,
    {
      hint: "Check that the `coordinator` input is the address of a RepX coordinator; its own log says more.",
      details: { status, text: text.slice(0, 500) },
    },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema refuses undefined and names what was expected.
    return undefined;
  }
}
