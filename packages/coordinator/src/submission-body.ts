import { RepxError, SubmissionRequest } from "@repx/core/model";
import { renderIssues } from "./issues.ts";

/** A Durable Object's row holds 2 MB; a job is one row and grows by its log and metrics. */
const MAX_JOB_LENGTH = 500_000;

type Refuse = (path: readonly PropertyKey[], message: string) => void;

/** The body of a registration: well-formed, and whole in itself (nothing twice, no job that is not listed). */
const SubmissionBody = SubmissionRequest.superRefine((submission, context) => {
  const refuse: Refuse = (path, message) => context.addIssue({ code: "custom", path: [...path], message });
  const known = new Set<string>(submission.jobs.map((job) => job.id));
  checkUnique(submission.jobs, (index, { id }) => refuse(["jobs", index, "id"], `the job ${id} is listed twice`));
  for (const [index, job] of submission.jobs.entries()) {
    checkKnown(job.dependsOn, known, ["jobs", index, "dependsOn"], refuse);
    if (JSON.stringify(job).length > MAX_JOB_LENGTH) {
      refuse(["jobs", index], `the job ${job.id} is longer than ${MAX_JOB_LENGTH} characters`);
    }
  }
  const runs = submission.runs.map((run) => ({ id: run.name }));
  checkUnique(runs, (index, { id }) => refuse(["runs", index, "name"], `the run ${id} is listed twice`));
  for (const [index, run] of submission.runs.entries()) {
    const path = ["runs", index, "jobs"];
    checkKnown(run.jobs, known, path, refuse);
    const ids = run.jobs.map((id) => ({ id }));
    checkUnique(ids, (position, { id }) => refuse([...path, position], `the job ${id} is listed twice`));
  }
});

function checkUnique<T extends { readonly id: string }>(
  items: readonly T[],
  onRepeated: (index: number, item: T) => void,
): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item.id)) onRepeated(index, item);
    seen.add(item.id);
  }
}

function checkKnown(
  ids: readonly string[],
  known: ReadonlySet<string>,
  path: readonly PropertyKey[],
  refuse: Refuse,
): void {
  for (const [position, id] of ids.entries()) {
    if (!known.has(id)) refuse([...path, position], `no such job: ${id}`);
  }
}

/** Reads the body of `POST /api/submissions`; COORD_REQUEST_INVALID names the place that is wrong. */
export function parseSubmissionBody(text: string): SubmissionRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuseBody("the body is not JSON", cause);
  }
  const parsed = SubmissionBody.safeParse(value);
  if (!parsed.success) throw refuseBody(renderIssues(parsed.error), parsed.error);
  return parsed.data;
}

function refuseBody(message: string, cause: unknown): RepxError {
  return new RepxError("COORD_REQUEST_INVALID", `the submission cannot be registered: ${message}`, {
    hint: "The Action and the coordinator may be of different versions; use the same release of both.",
    cause,
  });
}
