import type { RunName } from "./ids.ts";
import { renderTitle } from "./report/title.ts";
import { jobsOf, type RunRecords } from "./submission.ts";
import { judgeRun, type Judgement } from "./verdict.ts";

/** A run of a submission as a whole: its verdict with what it rests on, and one sentence. */
export interface RunSummary extends Judgement {
  readonly name: RunName;
  /** Enough alone in a list of checks. */
  readonly title: string;
}

/** Says where one run stands. */
export function summarizeRun(submission: RunRecords, name: RunName): RunSummary {
  const judged = judgeRun(submission, name);
  return { ...judged, name, title: renderTitle(submission, jobsOf(submission, name), judged) };
}
