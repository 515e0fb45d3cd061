// One check for all runs of a submission that has too many for one each, and which checks a submission has.
import type { RunName } from "../ids.ts";
import { summarizeRun, type RunSummary } from "../run-summary.ts";
import type { Submission } from "../submission.ts";
import { isOver } from "../verdict.ts";
import { renderCost } from "./cost.ts";
import { escapeMarkdown, pickWithin } from "./markdown.ts";
import { renderCount } from "./quantities.ts";
import { isPassed, renderFooter, type ReportLinks } from "./run-report.ts";

/** Above this many runs there is one check for all. */
export const MAX_SINGLE_CHECKS = 40;
/** And at most so many of single runs beside it. */
export const MAX_TROUBLE_CHECKS = 20;

/** A check that a submission has: of one run, or of all when none is named. */
export interface CheckName {
  readonly name: string;
  readonly run?: RunName | undefined;
}

/**
 * Lists the checks of a submission: one a run; or one for all, with those of runs that did not pass. `told` are runs that have a
 * check already: it has to be told on, even when its run passed in the end.
 */
export function listChecks(submission: Submission, told: ReadonlySet<RunName> = new Set()): readonly CheckName[] {
  const { runs } = submission;
  const hasJobs = runs.some(({ jobs }) => jobs.length > 0);
  if (runs.length <= MAX_SINGLE_CHECKS && (hasJobs || runs.length === 1))
    return runs.map(({ name }) => nameCheck(name));
  const known = runs.filter(({ name }) => told.has(name));
  const fresh = runs.filter(({ name }) => !told.has(name) && isTrouble(summarizeRun(submission, name)));
  const room = Math.max(0, MAX_TROUBLE_CHECKS - known.length);
  return [nameCheck(undefined), ...[...known, ...fresh.slice(0, room)].map(({ name }) => nameCheck(name))];
}

/** Names a check as GitHub lists it. */
export function nameCheck(run: RunName | undefined): CheckName {
  return run === undefined ? { name: "repx" } : { name: `repx / ${run}`, run };
}

function isTrouble({ verdict }: RunSummary): boolean {
  return isOver(verdict) && verdict !== "passed";
}

/** Counts runs by verdict, the worst first. */
export function countVerdicts(summaries: readonly RunSummary[]): string[] {
  const words = ["failed", "resources", "cancelled", "unknown", "infrastructure"] as const;
  return words.flatMap((word) => {
    const count = summaries.filter(({ verdict }) => verdict === word).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
}

/** Says in one line where all runs stand; its first word is the worst verdict. */
export function renderAllTitle(summaries: readonly RunSummary[]): string {
  const all = renderCount(summaries.length, "experiment");
  const over = summaries.filter(({ verdict }) => isOver(verdict));
  const troubles = countVerdicts(summaries);
  if (over.length < summaries.length) {
    const isQueued = summaries.every(({ verdict }) => verdict === "queued" || verdict === "passed");
    const done = over.length === 0 ? all : `${over.length} of ${all} done`;
    return `${isQueued ? "queued" : "running"}: ${[done, ...troubles].join(", ")}`;
  }
  if (summaries.every(({ total }) => total === 0)) return `passed: nothing to run in ${all}`;
  const bad = over.filter(isTrouble).length;
  if (bad > 0) {
    const worst = troubles[0]?.split(" ")[1] ?? "failed";
    return `${worst}: ${bad} of ${all}${troubles.length > 1 ? ` (${troubles.join(", ")})` : ""}`;
  }
  const reused = summaries.filter(isAllReused).length;
  return `passed: ${all}${reused === 0 ? "" : reused === summaries.length ? ", all reused" : `, ${reused} reused`}`;
}

/** Tells whether nothing of a run was run now. */
export function isAllReused({ counts, total }: RunSummary): boolean {
  return total > 0 && counts.get("reused") === total;
}

const MAX_ROWS = 100;
const FEW_ROWS = 15;

/** Renders the summary of all runs within so many bytes. */
export function renderAllSummary(
  submission: Submission,
  summaries: readonly RunSummary[],
  links: ReportLinks,
  maxBytes: number,
): string {
  const head = [`**${escapeMarkdown(renderAllTitle(summaries))}.**`];
  const passed = summaries.filter(isPassed);
  const others = summaries.filter((summary) => !isPassed(summary));
  const jobs = [...submission.jobs.keys()];
  const tail = [...renderCost(submission, jobs), renderFooter(submission, links)];
  return pickWithin(
    [
      () => [...head, ...renderRows(others, MAX_ROWS), ...collapseRows(passed), ...tail],
      () => [...head, ...renderRows(others, MAX_ROWS), ...tail],
      () => [...head, ...renderRows(others, FEW_ROWS), ...tail],
      () => [...head, renderFooter(submission, links)],
    ],
    maxBytes,
  );
}

function renderRows(summaries: readonly RunSummary[], most: number): string[] {
  if (summaries.length === 0) return [];
  const rows = summaries
    .slice(0, most)
    .map(({ name, title }) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(title)} |`);
  const more = summaries.length > most ? [`_and ${summaries.length - most} more_`] : [];
  return [["| experiment | result |", "|---|---|", ...rows].join("\n"), ...more];
}

function collapseRows(passed: readonly RunSummary[]): string[] {
  if (passed.length === 0) return [];
  const table = renderRows(passed, passed.length).join("\n\n");
  return [`<details><summary>${renderCount(passed.length, "experiment")} passed</summary>\n\n${table}\n\n</details>`];
}
