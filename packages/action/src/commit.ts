import { CommitSha, RepxError } from "@repx/core/model";
import * as z from "zod";
import type { Host } from "./host.ts";
import type { Inputs } from "./inputs.ts";

/** What the checks belong to: the pull request's head commit, since GITHUB_SHA is its merge commit there. */
export interface Commit {
  readonly headSha: CommitSha;
  readonly pullRequest: number | undefined;
  /** `owner/name`. */
  readonly repository: string;
}

const PullRequestEvent = z.object({
  pull_request: z.object({ number: z.int().positive(), head: z.object({ sha: CommitSha }) }),
});
const Repository = z.object({ full_name: z.string() });
const ForkEvent = z.object({
  pull_request: z.object({ head: z.object({ repo: Repository.nullish() }), base: z.object({ repo: Repository }) }),
});

/** What a workflow that was dispatched is told to work on. */
export type GivenCommit = Pick<Inputs, "headSha" | "pullRequest">;

/** Reads the commit from the event that started the workflow; a workflow that was dispatched is given it by inputs. */
export function readCommit(event: Host["event"], given: GivenCommit): Commit {
  const { repository } = event;
  if (event.name === "pull_request" || event.name === "pull_request_target") {
    const parsed = PullRequestEvent.safeParse(event.payload);
    if (!parsed.success) {
      throw new RepxError("INPUT_INVALID", `the event \`${event.name}\` names no pull request`, {
        hint: "Run the Action on `pull_request`, `push` or `workflow_dispatch`.",
        cause: parsed.error,
      });
    }
    const { number, head } = parsed.data.pull_request;
    refuseOther("head-sha", given.headSha, head.sha);
    refuseOther("pull-request", given.pullRequest, number);
    return { headSha: head.sha, pullRequest: number, repository };
  }
  const sha = CommitSha.safeParse(given.headSha ?? event.sha);
  if (sha.success) return { headSha: sha.data, pullRequest: given.pullRequest, repository };
  throw new RepxError("INPUT_INVALID", `GITHUB_SHA is not a commit: ${event.sha}`, {
    hint: "Run the Action in a workflow of GitHub Actions.",
  });
}

/** Finds the pull request that an event, or an input, names. */
export function findPullRequest(event: Host["event"], given: Pick<Inputs, "pullRequest">): number | undefined {
  return given.pullRequest ?? PullRequestEvent.safeParse(event.payload).data?.pull_request.number;
}

/** Tells whether the workflow is of a pull request from a fork: its token can read alone, whatever the workflow says. */
export function isFork(event: Host["event"]): boolean {
  const pull = ForkEvent.safeParse(event.payload).data?.pull_request;
  return pull !== undefined && pull.head.repo?.full_name !== pull.base.repo.full_name;
}

function refuseOther(name: string, given: string | number | undefined, own: string | number): void {
  if (given === undefined || given === own) return;
  throw new RepxError("INPUT_INVALID", `the input \`${name}\` is ${given}, and the event's pull request has ${own}`, {
    hint: `Leave \`${name}\` out on \`pull_request\`: it is for workflows that are dispatched.`,
  });
}
