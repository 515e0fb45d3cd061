// From a submission to what its page shows. Pure: the time comes in.
import {
  isConcluded,
  renderEnd,
  renderValue,
  summarizeRun,
  type JobId,
  type JobRecord,
  type Parameters,
  type Submission,
} from "@repx/core/model";
import { cutText } from "../issues.ts";
import { collectStages, MAX_STAGES, mergeCounts } from "./collect-stages.ts";
import { listAttemptLines } from "./list-attempts.ts";
import { openJobFilter, PAGE_SIZE, type JobQuery, type Sort } from "./job-query.ts";
import type { JobLine, SubmissionHead, SubmissionPage } from "./views.ts";

/** What a cell of the table has room for. */
const MAX_PARAMETERS = 160;
const MAX_END = 120;
/** Of a job that was retried hundreds of times, the table shows the last ones. */
const MAX_ATTEMPTS = 5;

/** Builds the page of one submission for a query; a page beyond the last one is the last one. */
export function buildSubmissionPage(
  submission: Submission,
  head: SubmissionHead,
  query: JobQuery,
  readAt: string,
): SubmissionPage {
  const stages = collectStages(submission);
  const chosen = chooseJobs(submission, query);
  const pageCount = Math.max(1, Math.ceil(chosen.length / PAGE_SIZE));
  const page = Math.min(query.page, pageCount);
  const shown = chosen.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  return {
    submission: head,
    isConcluded: isConcluded(submission),
    runs: submission.runs.map((run) => {
      const { name, verdict, title, counts } = summarizeRun(submission, run.name);
      return { name, verdict, title, counts: Object.fromEntries(counts) };
    }),
    counts: mergeCounts(stages.map(({ counts }) => counts)),
    stages: stages.slice(0, MAX_STAGES),
    stageCount: stages.length,
    matches: chosen.length,
    page,
    pageCount,
    jobs: shown.map(({ id, record }) => buildJobLine(submission, id, record)),
    readAt,
  };
}

interface Chosen {
  readonly id: JobId;
  readonly stage: string;
  readonly record: JobRecord;
}

function chooseJobs({ jobs, records }: Submission, query: JobQuery): Chosen[] {
  const isWanted = openJobFilter(query);
  const chosen: Chosen[] = [];
  for (const [id, job] of jobs) {
    const record = records.get(id) ?? { state: "queued", attempt: 0 };
    if (isWanted(job, record.state)) chosen.push({ id, stage: job.stage, record });
  }
  const compare = ORDERS[query.sort];
  return compare === undefined ? chosen : chosen.toSorted(compare);
}

/** A sort is stable: equals stay in the order in which they were registered. */
const ORDERS: Record<Sort, ((left: Chosen, right: Chosen) => number) | undefined> = {
  order: undefined,
  slowest: (left, right) => (right.record.elapsedSeconds ?? -1) - (left.record.elapsedSeconds ?? -1),
  latest: (left, right) => compareText(readLastWord(right), readLastWord(left)),
  stage: (left, right) => compareText(left.stage, right.stage),
};

function readLastWord({ record }: Chosen): string {
  return record.evidence?.at ?? "";
}

function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function buildJobLine(submission: Submission, id: JobId, record: JobRecord): JobLine {
  const job = submission.jobs.get(id);
  return {
    id,
    stage: job?.stage ?? "",
    parameters: cutText(renderParameters(job?.parameters ?? {}), MAX_PARAMETERS),
    state: record.state,
    end: cutText(renderEnd(record), MAX_END),
    attempts: listAttemptLines(record).slice(-MAX_ATTEMPTS),
  };
}

/** `name=value` by name, values as the filter takes them. */
function renderParameters(parameters: Parameters): string {
  return Object.entries(parameters)
    .toSorted(([left], [right]) => compareText(left, right))
    .map(([name, value]) => `${name}=${renderValue(value)}`)
    .join(" ");
}
