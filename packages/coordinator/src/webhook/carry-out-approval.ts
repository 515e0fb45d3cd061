// Commits from forks: shows the check that asks for approval, and takes the approval of a person with write access.
import { splitRepository } from "../github/app-client.ts";
import { createCheck, findCheck, updateCheck } from "../github/check-writer.ts";
import { readOpenHead } from "../github/pull-request.ts";
import { renderPerson } from "../person.ts";
import { renderApproval, renderApprovalId, type Approval, type PullCommit } from "./approval.ts";
import { isAllowed, start, type Errand, type Result } from "./errand.ts";
import type { TaskGroup } from "./plan-tasks.ts";
import type { TaskPlace, Work } from "./task.ts";
import { readApproval, writeApproval, type ApprovalRow } from "./webhook-store.ts";

const UNKNOWN: ApprovalRow = { author: null, check_id: null, approved_by: null, approved_at: null };

/** Shows how the approval of a commit stands, in the check that is there or in a new one. */
export async function showApproval(
  errand: Errand,
  place: TaskPlace,
  work: Extract<Work, { kind: "show-approval" }>,
): Promise<Result> {
  const { pullRequest, headSha, author } = work;
  const known = readApproval(errand.sql, pullRequest, headSha);
  if (known === undefined) writeApproval(errand.sql, pullRequest, headSha, { ...UNKNOWN, author: author ?? null });
  await writeCheck(errand, place, work);
  return { outcome: "done" };
}

/** Takes an approval: only of a person with write access, only for what the pull request is at. */
export async function approve(
  errand: Errand,
  place: TaskPlace,
  work: Extract<Work, { kind: "approve" }>,
  group: TaskGroup,
): Promise<Result> {
  const { pullRequest, headSha, checkRunId, who } = work;
  const known = readApproval(errand.sql, pullRequest, headSha) ?? UNKNOWN;
  const row = { ...known, check_id: checkRunId };
  writeApproval(errand.sql, pullRequest, headSha, row);
  const repository = splitRepository(place.repository);
  if (row.approved_by === null) {
    const pressed = `${renderPerson(who.login)} pressed the button`;
    if (!(await isAllowed(errand, place, who))) {
      await writeCheck(errand, place, work, `${pressed}: approving needs write access to this repository.`);
      return { outcome: "refused" };
    }
    const head = await readOpenHead(errand.github, repository, pullRequest);
    if (head !== headSha) {
      const why =
        head === undefined ? "the pull request is closed" : `it is at \`${head}\` by now; look at that commit`;
      await writeCheck(errand, place, work, `${pressed}, but ${why}.`);
      return { outcome: "refused" };
    }
    const inputs = { "head-sha": headSha, "pull-request": String(pullRequest), runs: "", "asked-by": who.login };
    const dispatch = { file: "experiment.yml", inputs } as const;
    const failed = await start(errand, place, dispatch, group.tries);
    if (failed?.retryAt !== undefined) return { outcome: "later", ...failed };
    if (failed !== undefined) {
      await writeCheck(errand, place, work, `${pressed}, but ${failed.reason}.`);
      return { outcome: "failed", ...failed };
    }
    const approved = { approved_by: who.login, approved_at: errand.now() };
    writeApproval(errand.sql, pullRequest, headSha, { ...row, ...approved });
  }
  await writeCheck(errand, place, work);
  return { outcome: "done" };
}

async function writeCheck(errand: Errand, place: TaskPlace, commit: PullCommit, note?: string): Promise<void> {
  const { github, sql } = errand;
  const { pullRequest, headSha } = commit;
  const row = readApproval(sql, pullRequest, headSha) ?? UNKNOWN;
  const payload = renderApproval(headSha, readState(row, note));
  const repository = splitRepository(place.repository);
  const address = { repository, headSha, externalId: renderApprovalId(commit) };
  // A check whose id is not known may be there: an answer was lost, or the storage was.
  const id = row.check_id ?? (await findCheck(github, errand.appId, address, payload.name));
  if (id !== undefined) await updateCheck(github, repository, id, payload);
  const written = id ?? (await createCheck(github, address, payload));
  const latest = readApproval(sql, pullRequest, headSha) ?? UNKNOWN;
  writeApproval(sql, pullRequest, headSha, { ...latest, check_id: written });
}

function readState(row: ApprovalRow, note: string | undefined): Approval {
  if (row.approved_by !== null && row.approved_at !== null) {
    return { state: "approved", who: row.approved_by, at: new Date(row.approved_at).toISOString() };
  }
  return { state: "waiting", author: row.author ?? undefined, ...(note !== undefined && { note }) };
}
