import {
  COMMENT_MARKER,
  isCommentWanted,
  renderComment,
  type Submission,
  type SubmissionPolicy,
} from "@repx/core/model";
import * as z from "zod";
import type { CheckSender } from "./check-runs.ts";

const PER_PAGE = 100;

const Comments = z.array(
  z.looseObject({ id: z.int(), body: z.string().nullish(), user: z.looseObject({ type: z.string() }).nullish() }),
);

/** Which comment is written where. */
export interface CommentPlace {
  readonly send: CheckSender["send"];
  readonly pullRequest: number;
  readonly policy: SubmissionPolicy["comment"];
}

/** Writes the pull request's one comment, or leaves it as it is where the policy says so; says whether it stands as it should. */
export async function writeStickyComment(place: CommentPlace, submission: Submission): Promise<boolean> {
  const { send, pullRequest, policy } = place;
  if (policy === "never") return true;
  const found = await findComment(place);
  if (found === undefined) return false;
  if (!isCommentWanted(policy, submission, found.body)) return true;
  const body = renderComment(submission);
  const answer =
    found.id === undefined
      ? await send("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", { issue_number: pullRequest, body })
      : await send("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", { comment_id: found.id, body });
  return answer !== undefined;
}

/** Ours begins with the marker and is a bot's: a person's comment is left alone, whatever it begins with. */
async function findComment({
  send,
  pullRequest,
}: CommentPlace): Promise<{ readonly id?: number; readonly body?: string } | undefined> {
  for (let page = 1; ; page += 1) {
    const route = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
    const answer = await send(route, { issue_number: pullRequest, per_page: PER_PAGE, page });
    const comments = Comments.safeParse(answer?.data);
    if (!comments.success) return undefined;
    const own = comments.data.find(
      ({ body, user }) => body?.startsWith(COMMENT_MARKER) === true && user?.type === "Bot",
    );
    if (own !== undefined) return { id: own.id, body: own.body ?? "" };
    if (comments.data.length < PER_PAGE) return {};
  }
}
