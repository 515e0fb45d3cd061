import { CommitSha, RepxError } from "@repx/core/model";
import * as z from "zod";
import type { Host } from "./host.ts";

/** What the checks belong to: the pull request's head commit, since GITHUB_SHA is its merge commit there. */
export interface Commit {
  readonly headSha: CommitSha;
  readonly pullRequest: number | undefined;
}

const PullRequestEvent = z.object({
  pull_request: z.object({ number: z.int().positive(), head: z.object({ sha: CommitSha }) }),
});

/** Reads the commit from the event that started the workflow. */
export function readCommit(event: Host["event"]): Commit {
  if (event.name === "pull_request" || event.name === "pull_request_target") {
    const parsed = PullRequestEvent.safeParse(event.payload);
    if (parsed.success) {
      const { number, head } = parsed.data.pull_request;
      return { headSha: head.sha, pullRequest: number };
    }
    throw new RepxError("INPUT_INVALID", `the event \`${event.name}\` names no pull request`, {
      hint: "Run the Action on `pull_request`, `push` or `workflow_dispatch`.",
      cause: parsed.error,
    });
  }
  const sha = CommitSha.safeParse(event.sha);
  if (sha.success) return { headSha: sha.data, pullRequest: undefined };
  throw new RepxError("INPUT_INVALID", `GITHUB_SHA is not a commit: ${event.sha}`, {
    hint: "Run the Action in a workflow of GitHub Actions.",
  });
}
