import { RepxError, SubmissionId } from "@repx/core/model";
import type { SubmissionObject } from "./submission-object.ts";
import { hashText, readBearer } from "./token.ts";

/** Finds the object and the token that a request names; who has no token learns nothing about what exists. */
export function findSubmission(
  env: Cloudflare.Env,
  id: string,
  request: Request,
): { id: SubmissionId; object: DurableObjectStub<SubmissionObject>; tokenHash: string } {
  const token = readBearer(request);
  const parsed = SubmissionId.safeParse(id);
  if (token === undefined || !parsed.success) throw refuseToken();
  return { id: parsed.data, object: env.SUBMISSIONS.getByName(parsed.data), tokenHash: hashText(token) };
}

/** Refuses a token without a word about what there is. */
export function refuseToken(): RepxError {
  return new RepxError("AUTH_TOKEN_INVALID", "the token is not one of this submission, or it has expired", {
    hint: "Use the token that registering this submission gave; it is good for 30 days.",
  });
}

/** Says that a submission sends more requests than it may. */
export function refuseBusy(waitSeconds: number): RepxError {
  return new RepxError("COORD_BUSY", "this submission sends more requests with events than it may in a minute", {
    hint: `Wait ${waitSeconds} s, and send more events with each request.`,
  });
}
