// From a job's record to what its page shows. Pure: the time comes in.
import {
  readMetrics,
  renderEnd,
  renderQuantity,
  renderValue,
  type JobRecord,
  type RunName,
  type SubmittedJob,
} from "@repx/core/model";
import { cutText } from "../issues.ts";
import { listAttemptLines } from "./list-attempts.ts";
import type { Fact, JobLink, JobPage, SubmissionHead } from "./views.ts";

/** Of a value that is a whole file's content, its beginning. */
const MAX_VALUE = 5000;
const MAX_METRICS = 500;

/** A job with what lies around it. */
export interface JobAround {
  readonly job: SubmittedJob;
  readonly record: JobRecord;
  readonly runs: readonly RunName[];
  readonly files: JobPage["files"];
  readonly inputs: readonly JobLink[];
  readonly dependants: readonly JobLink[];
  readonly dependantCount: number;
}

/** Builds the page of one job. */
export function buildJobPage(around: JobAround, submission: SubmissionHead, readAt: string): JobPage {
  const { job, record } = around;
  return {
    submission,
    id: job.id,
    stage: job.stage,
    state: record.state,
    end: renderEnd(record),
    runs: [...around.runs],
    parameters: Object.entries(job.parameters).map(([name, value]) => ({
      name,
      value: cutText(renderValue(value), MAX_VALUE),
    })),
    facts: listFacts(record),
    attempts: listAttemptLines(record),
    ...(record.logTail !== undefined && { logTail: cleanLog(record.logTail) }),
    ...(record.metricsText !== undefined && { metrics: readNumbers(record.metricsText) }),
    files: [...around.files],
    inputs: [...around.inputs],
    inputCount: job.dependsOn.length,
    dependants: [...around.dependants],
    dependantCount: around.dependantCount,
    readAt,
  };
}

/** What a record may hold, but for what the page shows elsewhere; a field that is new is shown under its own name. */
function listFacts(record: JobRecord): Fact[] {
  const facts = Object.entries(record).flatMap(([name, value]): Fact[] => {
    if (ELSEWHERE.has(name) || (typeof value !== "string" && typeof value !== "number")) return [];
    return [{ name: name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`), value: String(value) }];
  });
  const { evidence } = record;
  if (evidence === undefined) return facts;
  return [...facts, { name: "last word", value: evidence.at }, { name: "event", value: evidence.id }];
}

const ELSEWHERE: ReadonlySet<string> = new Set(["state", "logTail", "metricsText"]);

/** Takes a terminal's commands out of a log; what is left is text. */
function cleanLog(text: string): string {
  return text
    .replaceAll(/\p{Cc}\[[0-9;?]*[ -/]*[@-~]/gu, "")
    .replaceAll("\r\n", "\n")
    .replaceAll(/(?![\n\t])\p{Cc}/gu, "");
}

function readNumbers(text: string): { isReadable: boolean; values: Fact[] } {
  const metrics = readMetrics(text);
  if (metrics === undefined) return { isReadable: false, values: [] };
  const values = Object.entries(metrics)
    .slice(0, MAX_METRICS)
    .map(([name, metric]) => {
      if (typeof metric === "number") return { name, value: renderQuantity(metric) };
      const unit = metric.unit === undefined ? "" : ` ${metric.unit}`;
      return { name, value: `${renderQuantity(metric.value, metric.error)}${unit}` };
    });
  return { isReadable: true, values };
}
