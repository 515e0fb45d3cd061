import type { SubmissionRow } from "../submission-store.ts";

/** Of one commit's submissions, those before these have heard of a later one. */
const MAX_PREDECESSORS = 10;

/** Tells the earlier submissions of a commit that this one's checks count now. */
export async function tellPredecessors(env: Cloudflare.Env, row: SubmissionRow): Promise<void> {
  const repository = env.REPOSITORIES.getByName(row.repository_id);
  const sameCommit = { headSha: row.head_sha, before: row.created_at, limit: MAX_PREDECESSORS };
  for (const { id } of await repository.listSubmissions(sameCommit)) {
    await env.SUBMISSIONS.getByName(id).noteSuccessor(row.id, row.created_at);
  }
}
