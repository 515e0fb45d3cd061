// The check on a commit from a fork: its experiments run only after a person with write access has approved that commit.
import { CommitSha } from "@repx/core/model";
import type { CheckPayload } from "../github/check-writer.ts";
import { renderPerson } from "../person.ts";

const NAME = "repx / approval";

/** How far an approval is. */
export type Approval =
  | { readonly state: "waiting"; readonly author: string | undefined; readonly note?: string }
  | { readonly state: "approved"; readonly who: string; readonly at: string };

/** A commit of a pull request. */
export interface PullCommit {
  readonly pullRequest: number;
  readonly headSha: CommitSha;
}

/** The id by which the check is found again at GitHub; the approval is bound to this commit. */
export function renderApprovalId({ pullRequest, headSha }: PullCommit): string {
  return `approval/${pullRequest}/${headSha}`;
}

/** Reads which commit a check asks approval for; undefined when it is not such a check. */
export function parseApproval(externalId: string): PullCommit | undefined {
  const [, number, sha] = /^approval\/([1-9][0-9]{0,9})\/([0-9a-f]{40})$/.exec(externalId) ?? [];
  return number === undefined ? undefined : { pullRequest: Number(number), headSha: CommitSha.parse(sha) };
}

/** Renders the check; `note` says why the last press of the button did not count. */
export function renderApproval(headSha: CommitSha, approval: Approval): CheckPayload {
  const commit = headSha.slice(0, 7);
  if (approval.state === "approved") {
    const { who, at } = approval;
    const summary = `**Approved by ${renderPerson(who)} for \`${headSha}\`.** The workflow \`experiment.yml\` was asked to run it. Another push needs another approval.`;
    const output = { title: `approved by ${who} for ${commit}`, summary };
    return { name: NAME, status: "completed", conclusion: "success", completed_at: at, output, actions: [] };
  }
  const by = approval.author === undefined ? "" : ` by ${renderPerson(approval.author)}`;
  const summary = [
    ...(approval.note === undefined ? [] : [`**${approval.note}**`]),
    `This commit${by} comes from a fork. Its experiments would run on your cluster with your account, so they run only after a person with write access has approved it.`,
    `Read the changes, the flake and the workflow above all, then press **Approve and run**. The approval is for \`${headSha}\` alone; another push needs another one.`,
  ].join("\n\n");
  return {
    name: NAME,
    status: "completed",
    conclusion: "action_required",
    output: { title: `${commit} is from a fork and waits for approval`, summary },
    actions: [{ label: "Approve and run", description: "Run the experiments of this commit", identifier: "approve" }],
  };
}
