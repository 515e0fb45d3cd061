import type { Submission } from "@repx/core/model";
import type { SubmissionRow } from "../submission-store.ts";
import { renderEntry } from "../submission-view.ts";

/** Idempotent, and after every telling: whatever a crash left undone is done by the next one. */
export async function noteInRepository(env: Cloudflare.Env, row: SubmissionRow, submission: Submission): Promise<void> {
  const earlier = await env.REPOSITORIES.getByName(row.repository_id).note(renderEntry(row, submission));
  for (const id of earlier) await env.SUBMISSIONS.getByName(id).supersede(row.id);
}
