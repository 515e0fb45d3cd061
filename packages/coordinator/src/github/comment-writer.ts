// The one sticky comment of a pull request. Several submissions of a pull request write it, each from its own object:
// it is looked for on GitHub, and what two of them made at the same time is reduced to one.
import { COMMENT_MARKER } from "@repx/core/model";
import { Comment, CommentList, readAnswer, Written } from "./answers.ts";
import type { AppClient, Repository } from "./app-client.ts";
import { readStatus } from "./failure.ts";

/** Whose comment it is and where it stands. */
export interface CommentAddress {
  readonly repository: Repository;
  readonly pullRequest: number;
  readonly appId: number;
  readonly appSlug: string;
}

/** What a submission has to say, with what orders it among the submissions of its pull request. */
export interface CommentPayload {
  readonly submission: string;
  /** When the submission was registered, ISO 8601 in UTC. */
  readonly registeredAt: string;
  readonly text: string;
  /** Tells whether it is to be said, given what the comment says that is there. */
  readonly isWanted: (previous: string | undefined) => boolean;
}

const PAGE_SIZE = 100;
const MAX_PAGES = 100;

/**
 * Writes the comment, in place where there is one, and returns its id; null when there is none and none is wanted. A later
 * submission's word is left alone.
 */
export async function writeComment(
  github: AppClient,
  address: CommentAddress,
  payload: CommentPayload,
  knownId: number | undefined,
): Promise<number | null> {
  const known = knownId === undefined ? undefined : await readComment(github, address, knownId);
  const [oldest] = known === undefined ? await findComments(github, address) : [known];
  if (oldest !== undefined) return updateComment(github, address, payload, oldest);
  if (!payload.isWanted(undefined)) return null;
  const body = renderBody(payload);
  const target = { ...address.repository, issue_number: address.pullRequest };
  const { data } = await github.rest.issues.createComment({ ...target, body });
  return keepOldest(github, address, payload, readAnswer(Written, data, "a comment").id);
}

/** Deletes what we made if another submission of ours was faster, and writes into that one's instead. */
async function keepOldest(
  github: AppClient,
  address: CommentAddress,
  payload: CommentPayload,
  madeId: number,
): Promise<number> {
  const [oldest] = await findComments(github, address);
  if (oldest === undefined || oldest.id >= madeId) return madeId;
  await github.rest.issues.deleteComment({ ...address.repository, comment_id: madeId });
  return updateComment(github, address, payload, oldest);
}

async function updateComment(
  github: AppClient,
  address: CommentAddress,
  payload: CommentPayload,
  comment: Comment,
): Promise<number> {
  const body = renderBody(payload);
  const isNews = comment.body !== body && !isLater(comment.body, payload);
  if (isNews && payload.isWanted(comment.body ?? undefined)) {
    const { data } = await github.rest.issues.updateComment({ ...address.repository, comment_id: comment.id, body });
    readAnswer(Written, data, "a comment");
  }
  return comment.id;
}

async function readComment(github: AppClient, address: CommentAddress, id: number): Promise<Comment | undefined> {
  try {
    const { data } = await github.rest.issues.getComment({ ...address.repository, comment_id: id });
    return readAnswer(Comment, data, "a comment");
  } catch (thrown) {
    if (readStatus(thrown) === 404) return undefined;
    throw thrown;
  }
}

/** Lists the comments of ours that carry the marker as their first line, oldest first. */
async function findComments(github: AppClient, address: CommentAddress): Promise<Comment[]> {
  const found: Comment[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { data } = await github.rest.issues.listComments({
      ...address.repository,
      issue_number: address.pullRequest,
      per_page: PAGE_SIZE,
      page,
    });
    const comments = readAnswer(CommentList, data, "a list of comments");
    found.push(...comments.filter((comment) => isOurs(comment, address)));
    if (comments.length < PAGE_SIZE) break;
  }
  return found.toSorted((left, right) => left.id - right.id);
}

/** Anyone may write our marker into a comment; only our App's own comment is ours. */
function isOurs(comment: Comment, address: CommentAddress): boolean {
  if (comment.body?.split(/\r?\n/, 1)[0] !== COMMENT_MARKER) return false;
  const app = comment.performed_via_github_app;
  return app ? app.id === address.appId : comment.user?.login === `${address.appSlug}[bot]`;
}

function renderBody(payload: CommentPayload): string {
  return `${payload.text}\n\n<!-- repx:submission ${payload.submission} ${payload.registeredAt} -->`;
}

/** Tells whether a comment holds the word of a submission that was registered after this one. */
function isLater(body: Comment["body"], payload: CommentPayload): boolean {
  const match = /<!-- repx:submission (s[0-9a-z]{25}) (\S+) -->\s*$/.exec(body ?? "");
  return match?.[1] !== undefined && match[1] !== payload.submission && (match[2] ?? "") > payload.registeredAt;
}
