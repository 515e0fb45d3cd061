import { CommitSha } from "@repx/core/model";
import * as z from "zod";
import { readAnswer } from "./answers.ts";
import type { AppClient, Repository } from "./app-client.ts";

const PullRequest = z.object({ state: z.enum(["open", "closed"]), head: z.object({ sha: CommitSha }) });

/** Reads which commit a pull request is at; undefined when it is closed. */
export async function readOpenHead(
  github: AppClient,
  repository: Repository,
  pullRequest: number,
): Promise<CommitSha | undefined> {
  const { data } = await github.rest.pulls.get({ ...repository, pull_number: pullRequest });
  const { state, head } = readAnswer(PullRequest, data, "a pull request");
  return state === "open" ? head.sha : undefined;
}
