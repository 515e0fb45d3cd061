import { isConcluded, type Submission } from "@repx/core/model";
import { readPolicy, type SubmissionRow } from "./submission-store.ts";
import type { AnyWork } from "./webhook/task.ts";

/** Has something done by the object that starts the repository's workflows; the same `id` again does nothing. */
export async function askOfRepository(
  env: Cloudflare.Env,
  row: SubmissionRow,
  id: string,
  work: AnyWork,
): Promise<void> {
  const place = {
    repository: row.repository,
    repositoryId: Number(row.repository_id),
    installationId: row.installation_id,
  };
  await env.WEBHOOKS.getByName(row.repository_id).accept(id, place, work);
}

/** Has the results of a complete submission published, once, where the repository wishes that. */
export async function askToPublish(env: Cloudflare.Env, row: SubmissionRow, submission: Submission): Promise<void> {
  if (!readPolicy(row).publish || !isConcluded(submission)) return;
  const runs = submission.runs.map(({ name }) => name).join(" ");
  await askOfRepository(env, row, `publish:${row.id}`, {
    kind: "publish",
    headSha: row.head_sha,
    pullRequest: row.pull_request,
    runs,
  });
}
