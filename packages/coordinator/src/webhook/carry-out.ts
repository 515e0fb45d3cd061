// Carries out what a webhook asked for. Every step may happen twice (a crash between any two); a workflow that was asked
// to run twice finds its jobs queued or done already, all else is written in place.
import { approve, showApproval } from "./carry-out-approval.ts";
import { cancelSuperseded, carryOutAsk, closePullRequest, expireAsk, rerunCommit } from "./carry-out-ask.ts";
import { publish } from "./carry-out-publish.ts";
import type { Errand, Result } from "./errand.ts";
import type { TaskGroup } from "./plan-tasks.ts";

/** Does one group's work. Throws what GitHub throws; the caller tries again. */
export async function carryOut(errand: Errand, group: TaskGroup): Promise<Result> {
  const { work, place } = group;
  if (work.kind === "rerun-commit") return rerunCommit(errand, group, work);
  if (work.kind === "close") return closePullRequest(errand, group, work);
  if (work.kind === "supersede") return cancelSuperseded(errand, group, work);
  if (work.kind === "publish") return publish(errand, group, work);
  if (work.kind === "expire") return expireAsk(errand, work);
  if (work.kind === "show-approval") return showApproval(errand, place, work);
  if (work.kind === "approve") return approve(errand, place, work, group);
  return carryOutAsk(errand, group, { ...work, kind: work.kind, runs: group.runs });
}
