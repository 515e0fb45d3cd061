// Verdicts in the words of GitHub's checks. `neutral` and `skipped` satisfy a required check; what was never verified
// must not, unless the run is advisory.
import type { RunName } from "../ids.ts";
import type { Submission } from "../submission.ts";
import { isOver, type Judgement } from "../verdict.ts";

/** How a check run concludes, in the words of GitHub's REST API. */
export type Conclusion = "success" | "failure" | "timed_out" | "cancelled" | "action_required" | "neutral";

/** Concludes one run; undefined while it is under way. */
export function concludeRun(submission: Submission, name: RunName, judged: Judgement): Conclusion | undefined {
  const { verdict, troubles, total } = judged;
  if (!isOver(verdict)) return undefined;
  // Nothing was verified, so it is not green; nothing is wrong either, and it must not block for ever.
  if (verdict === "passed") return total === 0 ? "neutral" : "success";
  if (verdict === "failed") return "failure";
  if (verdict === "resources") return troubles.size === 1 && troubles.has("timed_out") ? "timed_out" : "failure";
  if (verdict === "cancelled") return "cancelled";
  const run = submission.runs.find((candidate) => candidate.name === name);
  return run?.isAdvisory === true ? "neutral" : "action_required";
}

/** The first that is there is the conclusion of all. */
const WORST: readonly Conclusion[] = ["failure", "timed_out", "cancelled", "action_required"];

/** Concludes several runs as one: as badly as the worst; `success` as soon as one has it and none is in the way. */
export function concludeAll(each: readonly (Conclusion | undefined)[]): Conclusion | undefined {
  if (each.includes(undefined)) return undefined;
  return WORST.find((one) => each.includes(one)) ?? (each.includes("success") ? "success" : "neutral");
}
