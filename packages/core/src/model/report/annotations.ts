// Marks at the lines of the repository that have to do with jobs that did not succeed.
import type { JobId } from "../ids.ts";
import type { JobRecord } from "../job-state.ts";
import type { SourceLine } from "../protocol.ts";
import { recordOf, type Submission } from "../submission.ts";
import { adviseMemory, adviseTime, renderAdvice } from "./advice.ts";
import { clip, renderEnd, renderParameters } from "./ends.ts";
import { renderCount } from "./quantities.ts";
import { describeMemory } from "./title.ts";

/** A mark at a line, in the words of GitHub's REST API. */
export interface Annotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly annotation_level: "failure";
  /** At most 255 characters. */
  readonly title: string;
  /** At most 64 KB. */
  readonly message: string;
}

/** More marks than that nobody reads; GitHub takes 50 a request. */
const MAX_ANNOTATIONS = 200;
const MAX_TITLE = 255;
const MAX_EXAMPLES = 3;
const MAX_EXAMPLE = 300;

type Kind = "failed" | "out_of_memory" | "timed_out";

interface Group {
  readonly at: SourceLine;
  readonly kind: Kind;
  readonly stage: string;
  readonly jobs: JobId[];
}

/** Makes one annotation for each place and kind of end, those of most jobs first. */
export function listAnnotations(submission: Submission, jobs: readonly JobId[]): Annotation[] {
  const groups = new Map<string, Group>();
  for (const id of jobs) {
    const { state } = recordOf(submission, id);
    const job = submission.jobs.get(id);
    if (job === undefined || !isKind(state)) continue;
    const at = state === "failed" ? job.stageAt : (job.resourcesAt ?? job.stageAt);
    if (at === undefined || !isInside(at.path)) continue;
    const key = `${at.line}:${state}:${at.path}`;
    const group = groups.get(key) ?? { at, kind: state, stage: job.stage, jobs: [] };
    groups.set(key, group);
    group.jobs.push(id);
  }
  const sorted = [...groups.values()].toSorted((left, right) => right.jobs.length - left.jobs.length);
  return sorted.slice(0, MAX_ANNOTATIONS).map((group) => renderAnnotation(submission, group));
}

function isKind(state: JobRecord["state"]): state is Kind {
  return state === "failed" || state === "out_of_memory" || state === "timed_out";
}

/** GitHub refuses a whole request for one path that cannot be a file of the repository. */
function isInside(path: string): boolean {
  return !/[\p{Cc}\\]/u.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

const WORDS: Readonly<Record<Kind, string>> = {
  failed: "failed",
  out_of_memory: "out of memory",
  timed_out: "timed out",
};

function renderAnnotation(submission: Submission, { at, kind, stage, jobs }: Group): Annotation {
  const records = jobs.map((id) => recordOf(submission, id));
  const title = `${clip(stage, 150)}: ${renderCount(jobs.length, "job")} ${WORDS[kind]}`;
  return {
    path: at.path,
    start_line: at.line,
    end_line: at.line,
    annotation_level: "failure",
    title: renderPlain(clip(title, MAX_TITLE)),
    message: [...renderReasons(kind, records), ...renderExamples(submission, jobs)].map(renderPlain).join("\n"),
  };
}

function renderReasons(kind: Kind, records: readonly JobRecord[]): string[] {
  if (kind === "failed")
    return [...new Set(records.map(renderEnd))].slice(0, MAX_EXAMPLES).map((end) => clip(end, MAX_EXAMPLE));
  const advice = kind === "out_of_memory" ? adviseMemory(records) : adviseTime(records);
  const facts = kind === "out_of_memory" ? describeMemory(records) : undefined;
  return [
    ...(facts === undefined ? [] : [facts]),
    advice === undefined ? `Ask for more ${kind === "timed_out" ? "time" : "memory"}.` : `Try ${renderAdvice(advice)}`,
  ];
}

function renderExamples(submission: Submission, jobs: readonly JobId[]): string[] {
  const shown = jobs.slice(0, MAX_EXAMPLES).flatMap((id) => {
    const parameters = renderParameters(submission.jobs.get(id)?.parameters ?? {});
    return parameters === "" ? [] : [clip(parameters, MAX_EXAMPLE)];
  });
  return jobs.length > shown.length && shown.length > 0 ? [...shown, `and ${jobs.length - shown.length} more`] : shown;
}

/** Annotations are shown as they are, on lines of their own. */
function renderPlain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
