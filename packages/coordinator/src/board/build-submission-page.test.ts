import {
  EventId,
  openSubmission,
  SubmissionId,
  SubmissionRequest,
  type JobRecord,
  type Submission,
} from "@repx/core/model";
import { expect, test } from "vitest";
import { HEAD_SHA, jobId } from "../coordinator.fixture.ts";
import { buildSubmissionPage } from "./build-submission-page.ts";
import { NO_QUERY, type JobQuery } from "./job-query.ts";
import type { SubmissionHead, SubmissionPage } from "./views.ts";

const ID = SubmissionId.parse(`s${"1".repeat(25)}`);

/** A submission whose nth job has the nth record, or is queued. */
function makeSubmission(count: number, records: readonly Partial<JobRecord>[] = []): Submission {
  const ids = Array.from({ length: count }, (_, index) => jobId(index));
  const request = SubmissionRequest.parse({
    lab: "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5",
    target: "cluster",
    headSha: HEAD_SHA,
    runs: [{ name: "simulation", jobs: ids }],
    jobs: ids.map((id, index) => ({
      id,
      stage: index % 2 === 0 ? "even-1.0" : "odd-1.0",
      parameters: { seed: index, size: index % 3 },
      dependsOn: [],
      isReused: false,
    })),
  });
  const submission = openSubmission(request, { id: ID, repository: "lab/study" });
  const known = request.jobs
    .slice(0, records.length)
    .map(({ id }, index): [typeof id, JobRecord] => [id, { state: "queued", attempt: 1, ...records[index] }]);
  return { ...submission, records: new Map([...submission.records, ...known]) };
}

function build(submission: Submission, query: Partial<JobQuery> = {}): SubmissionPage {
  const { id, repository, lab, target, headSha } = submission;
  const head: SubmissionHead = { id, repository, lab, target, headSha, createdAt: "", workflowUrl: "" };
  return buildSubmissionPage(submission, head, { ...NO_QUERY, ...query }, "2026-11-01T12:00:00Z");
}

function listSeeds(page: SubmissionPage): number[] {
  return page.jobs.map(({ parameters }) => Number(/seed=(\d+)/.exec(parameters)?.[1]));
}

test("a page has 200 jobs, the last one what is left, and one beyond it is the last one", () => {
  const submission = makeSubmission(450);
  const pages = [1, 2, 3, 9].map((page) => build(submission, { page }));
  expect(pages.map(({ page, jobs }) => [page, jobs.length])).toEqual([
    [1, 200],
    [2, 200],
    [3, 50],
    [3, 50],
  ]);
  expect(pages.slice(0, 3).flatMap(listSeeds)).toEqual(Array.from({ length: 450 }, (_, index) => index));
  expect(pages[0]).toMatchObject({ matches: 450, pageCount: 3, counts: { queued: 450 } });
});

test("the filter chooses among all jobs; counts and stages are of all jobs nevertheless", () => {
  const page = build(makeSubmission(450), { parameter: "size=2", stage: "even-1.0", page: 1 });
  expect(page.matches).toBe(75);
  expect(listSeeds(page).every((seed) => seed % 2 === 0 && seed % 3 === 2)).toBe(true);
  expect(page.counts).toEqual({ queued: 450 });
  expect(page.stages.map(({ name, total }) => [name, total])).toEqual([
    ["even-1.0", 225],
    ["odd-1.0", 225],
  ]);
});

test("no job is like that: one empty page", () => {
  expect(build(makeSubmission(3), { state: "failed" })).toMatchObject({ matches: 0, page: 1, pageCount: 1, jobs: [] });
});

function sayAt(at: string): Pick<JobRecord, "evidence"> {
  return { evidence: { id: EventId.parse("1.1.COMPLETED"), at, weight: 3 } };
}

test("jobs are ordered as is asked for, equals as registered", () => {
  const submission = makeSubmission(5, [
    { state: "succeeded", elapsedSeconds: 5, ...sayAt("2026-11-01T10:00:01Z") },
    { state: "failed", elapsedSeconds: 50, ...sayAt("2026-11-01T10:00:03Z") },
    {},
    { state: "succeeded", elapsedSeconds: 50, ...sayAt("2026-11-01T10:00:02Z") },
  ]);
  expect(listSeeds(build(submission, { sort: "order" }))).toEqual([0, 1, 2, 3, 4]);
  expect(listSeeds(build(submission, { sort: "slowest" }))).toEqual([1, 3, 0, 2, 4]);
  expect(listSeeds(build(submission, { sort: "latest" }))).toEqual([1, 3, 0, 2, 4]);
  expect(listSeeds(build(submission, { sort: "stage" }))).toEqual([0, 2, 4, 1, 3]);
});

test("a job's earlier attempts stand before the last one, at most five in the table", () => {
  const earlier = Array.from({ length: 7 }, (_, index) => ({
    attempt: index + 1,
    state: "infrastructure" as const,
    reason: "NodeFail",
    node: "n1",
    startedAt: "2026-11-01T10:00:00Z",
    elapsedSeconds: 60,
  }));
  const [job] = build(makeSubmission(1, [{ state: "running", attempt: 8, earlier }])).jobs;
  expect(job?.attempts.map(({ attempt }) => attempt)).toEqual([4, 5, 6, 7, 8]);
  expect(job?.attempts[0]).toEqual(earlier[3]);
  expect(job?.attempts.at(-1)).toEqual({ attempt: 8, state: "running" });
});
