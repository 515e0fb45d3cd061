// The body of a registration: well-formed, and whole in itself (nothing twice, no job that is not listed). The first
// mistake ends the reading: 20 MB may hold ten million of them, and zod would keep every one.
import { RepxError, SubmissionRequest } from "@repx/core/model";
import * as z from "zod";
import { cutText, renderIssues } from "./issues.ts";

/** A Durable Object's row holds 2 MB; a job is one row and grows by its log and metrics. */
const MAX_JOB_LENGTH = 500_000;
/** No stage has parameters like that, and what walks through them recurses. */
const MAX_DEPTH = 32;

const Job = SubmissionRequest.shape.jobs.element;
const Run = SubmissionRequest.shape.runs.element;
const Parts = z.object({ runs: z.unknown().optional(), jobs: z.unknown().optional() });

/** Reads the body of `POST /api/submissions`; COORD_REQUEST_INVALID names the place that is wrong. */
export function parseSubmissionBody(text: string): SubmissionRequest {
  const value = parseJson(text);
  checkParts(value);
  const submission = parsePart(SubmissionRequest, value, []);
  const known = new Set<string>(submission.jobs.map((job) => job.id));
  checkUnique(submission.jobs, (index, { id }) => refuseAt(["jobs", index, "id"], `the job ${id} is listed twice`));
  for (const [index, job] of submission.jobs.entries()) checkKnown(job.dependsOn, known, ["jobs", index, "dependsOn"]);
  const runs = submission.runs.map((run) => ({ id: run.name }));
  checkUnique(runs, (index, { id }) => refuseAt(["runs", index, "name"], `the run ${id} is listed twice`));
  for (const [index, run] of submission.runs.entries()) {
    const path = ["runs", index, "jobs"];
    checkKnown(run.jobs, known, path);
    const ids = run.jobs.map((id) => ({ id }));
    checkUnique(ids, (position, { id }) => refuseAt([...path, position], `the job ${id} is listed twice`));
  }
  return submission;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuseBody("the body is not JSON", cause);
  }
}

function checkParts(value: unknown): void {
  const parts = Parts.safeParse(value).data;
  for (const [index, job] of readArray(parts?.jobs).entries()) {
    const path = ["jobs", index];
    if (isDeeperThan(job, MAX_DEPTH)) throw refuseAt(path, `nested more than ${MAX_DEPTH} deep`);
    if (JSON.stringify(job).length > MAX_JOB_LENGTH) throw refuseAt(path, `longer than ${MAX_JOB_LENGTH} characters`);
    parsePart(Job, job, path);
  }
  for (const [index, run] of readArray(parts?.runs).entries()) {
    const jobs = Parts.safeParse(run).data?.jobs;
    for (const [position, id] of readArray(jobs).entries()) {
      parsePart(Run.shape.jobs.element, id, ["runs", index, "jobs", position]);
    }
    parsePart(Run, run, ["runs", index]);
  }
}

function readArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

function parsePart<T>(schema: z.ZodType<T>, value: unknown, path: readonly PropertyKey[]): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refuseBody(renderIssues(parsed.error, path), parsed.error);
}

function checkUnique<T extends { readonly id: string }>(
  items: readonly T[],
  refuse: (index: number, item: T) => RepxError,
): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item.id)) throw refuse(index, item);
    seen.add(item.id);
  }
}

function checkKnown(ids: readonly string[], known: ReadonlySet<string>, path: readonly PropertyKey[]): void {
  for (const [position, id] of ids.entries()) {
    if (!known.has(id)) throw refuseAt([...path, position], `no such job: ${id}`);
  }
}

function refuseAt(path: readonly PropertyKey[], message: string): RepxError {
  return refuseBody(cutText(`${path.map(String).join(".")}: ${message}`, 300));
}

function refuseBody(message: string, cause?: unknown): RepxError {
  return new RepxError("COORD_REQUEST_INVALID", `the submission cannot be registered: ${message}`, {
    hint: "The Action and the coordinator may be of different versions; use the same release of both.",
    cause,
  });
}
