import { JobEvent, openSubmission, RunName, step, SubmissionId, SubmissionRequest } from "@repx/core/model";
import { expect, test } from "vitest";
import { event, submissionBody } from "./coordinator.fixture.ts";
import { planAlarm, planItem, planRescue, renderCheckPayload, startItem, type Delivery } from "./delivery.ts";

const idle: Delivery = { revision: 4, deliveredRevision: 4, flushedAt: 10_000, blockedUntil: 0, failures: 0, dueAt: 0 };
const progress = { status: "in_progress", digest: "b" };
const DAY = 24 * 3_600_000;
const NOW = 100 * DAY;
const open = { githubId: 1, status: "in_progress", digest: "a" };
const ended = { status: "completed", digest: "c" };

test.each([
  ["nothing when all is told", idle, undefined],
  ["at the interval's end when something is new", { ...idle, revision: 5 }, 13_000],
  ["at once when the last time is long ago", { ...idle, revision: 5, flushedAt: 1_000 }, 11_000],
  ["not before GitHub allows it", { ...idle, revision: 5, blockedUntil: 70_000 }, 70_000],
  ["what had to wait at its time", { ...idle, dueAt: 25_000 }, 25_000],
  ["what is new before what had to wait", { ...idle, revision: 5, dueAt: 25_000 }, 13_000],
  ["what had to wait not before GitHub allows it", { ...idle, dueAt: 25_000, blockedUntil: 70_000 }, 70_000],
])("plans %s", (_, delivery, at) => {
  expect(planAlarm(delivery, 11_000)).toBe(at);
});

test.each([
  ["creates what was never told", {}, progress, "create"],
  ["looks for what may have been created", { isCreating: true }, progress, "find"],
  ["updates what is known", { githubId: 1, status: "queued", digest: "a", writtenAt: NOW }, progress, "update"],
  ["lets figures wait for 15 s", { ...open, writtenAt: NOW - 14_999 }, progress, "wait"],
  ["writes figures after 15 s", { ...open, writtenAt: NOW - 15_000 }, progress, "update"],
  ["concludes at once", { ...open, writtenAt: NOW }, ended, "update"],
  ["I-31: lets another follow an open check of 13 days", { ...open, createdAt: NOW - 13 * DAY }, progress, "follow"],
  [
    "I-31: that one too when it has nothing new to say",
    { ...open, digest: "b", createdAt: NOW - 13 * DAY },
    progress,
    "follow",
  ],
  [
    "I-31: lets an open check be that is a second younger",
    { ...open, digest: "b", createdAt: NOW - 13 * DAY + 1_000 },
    progress,
    "none",
  ],
  ["I-31: concludes an old check in place", { ...open, createdAt: NOW - 13 * DAY }, ended, "update"],
  ["leaves alone what is told", { githubId: 1, status: "in_progress", digest: "b" }, progress, "none"],
  ["lets another follow what was concluded", { githubId: 1, status: "completed", digest: "a" }, progress, "follow"],
  ["corrects what was concluded", { githubId: 1, status: "completed", digest: "a" }, ended, "update"],
  ["says no progress after a refusal", { githubId: 1, refusedDigest: "a" }, progress, "none"],
  ["says the last word after a refusal", { githubId: 1, refusedDigest: "a" }, ended, "update"],
  ["says a refused last word once", { githubId: 1, refusedDigest: "c" }, ended, "none"],
])("%s", (_, item, wanted, action) => {
  const known = { ...startItem("check:a"), createdAt: NOW - DAY, ...item };
  expect(planItem(known, wanted, NOW)).toBe(action);
});

test("waits longer after each flush that died, an hour at most", () => {
  expect([0, 1, 5, 11, 1000].map((failures) => planRescue(failures, 0) / 1000)).toEqual([3, 6, 96, 3600, 3600]);
});

const SIMULATION = RunName.parse("simulation");

test("a run's check, and the one for all runs, are rendered as GitHub takes them", () => {
  const request = SubmissionRequest.parse(JSON.parse(submissionBody(2)));
  const submission = openSubmission(request, {
    id: SubmissionId.parse("s0123456789abcdefghijklmno"),
    repository: "lab/study",
  });
  const createdAt = Date.parse("2026-03-01T10:00:00Z");
  const one = renderCheckPayload(submission, SIMULATION, createdAt);
  expect(one).toMatchObject({ name: "repx / simulation", status: "queued", actions: [{ identifier: "cancel" }] });
  expect(one.output).not.toHaveProperty("annotations");
  const silence = { since: "2026-03-01T12:00:00Z", isAsked: true, isLost: true };
  expect(renderCheckPayload({ ...submission, silence }, undefined, createdAt)).toMatchObject({
    name: "repx",
    status: "completed",
    conclusion: "action_required",
    completed_at: "2026-03-01T12:00:00Z",
    actions: [{ identifier: "rerun-failed" }],
  });
});

test("a run began with its first attempt, and ended with the last word of it", () => {
  const request = SubmissionRequest.parse(JSON.parse(submissionBody(1)));
  const start = openSubmission(request, {
    id: SubmissionId.parse("s0123456789abcdefghijklmno"),
    repository: "lab/study",
  });
  const lines = [
    event(1, { state: "RUNNING", at: "2026-03-01T08:00:00Z" }),
    event(1, { state: "NODE_FAIL", at: "2026-03-01T08:30:00Z" }),
    event(1, { state: "RUNNING", attempt: 2, at: "2026-03-01T09:00:00Z" }),
    event(1, { attempt: 2, at: "2026-03-01T09:30:00Z" }),
  ];
  const records = new Map(start.records);
  for (const line of lines.map((one) => JobEvent.parse(one))) {
    const record = records.get(line.job);
    if (record !== undefined) records.set(line.job, step(record, line));
  }
  expect(renderCheckPayload({ ...start, records }, SIMULATION, 0)).toMatchObject({
    started_at: "2026-03-01T08:00:00Z",
    completed_at: "2026-03-01T09:30:00Z",
  });
});
