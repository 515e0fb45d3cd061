// What is complete is published by a workflow of the repository, where it has one.
import { start, type Errand, type Result } from "./errand.ts";
import type { TaskGroup } from "./plan-tasks.ts";
import type { AnyWork } from "./task.ts";

/** Starts `publish.yml`; a repository that has none, or an older one, wants nothing published. */
export async function publish(
  errand: Errand,
  { place, tries }: TaskGroup,
  { headSha, pullRequest, runs }: Extract<AnyWork, { kind: "publish" }>,
): Promise<Result> {
  const inputs = {
    "head-sha": headSha,
    "pull-request": pullRequest === null ? "" : String(pullRequest),
    runs,
    "asked-by": "repx",
  };
  const failed = await start(errand, place, { file: "publish.yml", inputs }, tries);
  if (failed === undefined) return { outcome: "done" };
  return { outcome: failed.retryAt === undefined ? "gone" : "later", ...failed };
}
