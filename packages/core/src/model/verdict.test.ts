import * as fc from "fast-check";
import { expect, test } from "vitest";
import { after, ANALYSIS, event, jobId, SIMULATION, submission } from "./events.fixture.ts";
import type { SlurmState } from "./protocol.ts";
import { summarizeRun } from "./run-summary.ts";
import type { Submission } from "./submission.ts";
import { isConcluded, isOver, judgeRun } from "./verdict.ts";

const SUMMARY = jobId(99, "summary-1.0");
const skipped = event({ job: SUMMARY, state: "CANCELLED", reason: "DependencyNeverSatisfied" });
const SILENT = { since: "2026-03-01T10:12:00Z", isAsked: true, isLost: false };

/** The three jobs of the simulation end like this, the last ones with success where nothing is said. */
function end(states: readonly (SlurmState | undefined)[], start: Submission = submission()): Submission {
  const events = [0, 1, 2].flatMap((nth) => {
    const state = states.length > nth ? states[nth] : "COMPLETED";
    return state === undefined ? [] : [event({ job: jobId(nth + 1), state })];
  });
  return after(start, events);
}

test("a fresh submission's runs are queued", () => {
  expect(summarizeRun(submission(), SIMULATION)).toMatchObject({ verdict: "queued", title: "queued: 3 of 3 jobs" });
});

test("a run is running as soon as one job is, with the count of those that ended", () => {
  const now = after(submission(), [event({ job: jobId(1) }), event({ job: jobId(2), state: "RUNNING" })]);
  expect(summarizeRun(now, SIMULATION)).toMatchObject({ verdict: "running", title: "running: 1 of 3 jobs done" });
  expect(isConcluded(now)).toBe(false);
});

test.each<[string, readonly SlurmState[], string]>([
  ["passed", [], "passed: 3 jobs"],
  ["failed", ["FAILED"], "failed: 1 of 3 jobs"],
  [
    "failed",
    ["FAILED", "TIMEOUT", "NODE_FAIL"],
    "failed: 3 of 3 jobs (1 failed, 1 timed out, 1 lost to the infrastructure)",
  ],
  ["resources", ["OUT_OF_MEMORY"], "resources: 1 of 3 jobs out of memory"],
  ["resources", ["TIMEOUT", "CANCELLED"], "resources: 2 of 3 jobs (1 timed out, 1 cancelled)"],
  ["cancelled", ["CANCELLED", "NODE_FAIL"], "cancelled: 2 of 3 jobs (1 cancelled, 1 lost to the infrastructure)"],
  ["cancelled", ["CANCELLED"], "cancelled: 1 of 3 jobs"],
  ["infrastructure", ["NODE_FAIL"], "infrastructure: 1 of 3 jobs lost (the node failed)"],
  ["infrastructure", ["NODE_FAIL", "BOOT_FAIL"], "infrastructure: 2 of 3 jobs lost"],
])("a run is %s after %j", (verdict, states, title) => {
  expect(summarizeRun(end(states), SIMULATION)).toMatchObject({ verdict, title });
});

test("I-08: the title of a run out of memory says what was needed at least, and what there was", () => {
  const out = { state: "OUT_OF_MEMORY", memoryMebibytes: 8192 } as const;
  const now = after(end([undefined, undefined]), [
    event({ job: jobId(1), ...out, peakMebibytes: 8100 }),
    event({ job: jobId(2), ...out, peakMebibytes: 8000 }),
  ]);
  expect(summarizeRun(now, SIMULATION).title).toBe(
    "resources: 2 of 3 jobs out of memory (needed at least 7.9 GiB, had 8 GiB)",
  );
});

test.each<[string, SlurmState, string]>([
  ["failed", "FAILED", "an upstream job failed"],
  ["resources", "OUT_OF_MEMORY", "an upstream job ran out of memory or time"],
  ["cancelled", "CANCELLED", "an upstream job was cancelled"],
  ["infrastructure", "NODE_FAIL", "an upstream job was lost to the infrastructure"],
])("a run that was not run is %s when its upstream job ended as %s", (verdict, state, words) => {
  const now = after(end([state]), [skipped]);
  expect(summarizeRun(now, ANALYSIS)).toMatchObject({ verdict, title: `${verdict}: 1 of 1 job not run, ${words}` });
});

test("the cause is found through jobs that were not run themselves", () => {
  const chain = { "1": [], "2": [1], "3": [2] } as const;
  const start = submission();
  const jobs = new Map(
    [...start.jobs].map(([id, job]) => {
      const needs = Object.entries(chain).find(([nth]) => jobId(Number(nth)) === id)?.[1] ?? [3];
      return [id, { ...job, dependsOn: needs.map((nth) => jobId(nth)) }];
    }),
  );
  const skip = (job: typeof SUMMARY) => event({ job, state: "CANCELLED", reason: "DependencyNeverSatisfied" });
  const now = after({ ...start, jobs }, [
    event({ job: jobId(1), state: "TIMEOUT" }),
    skip(jobId(2)),
    skip(jobId(3)),
    skip(SUMMARY),
  ]);
  expect(judgeRun(now, ANALYSIS)).toMatchObject({ verdict: "resources", troubles: new Set(["timed_out"]) });
});

test("a run that was not run is not over before the word comes of what kept it from running", () => {
  const early = after(end([undefined]), [skipped]);
  expect(judgeRun(early, ANALYSIS).verdict).toBe("running");
  expect(isConcluded(early)).toBe(false);
  expect(judgeRun(after(early, [event({ job: jobId(1), state: "FAILED" })]), ANALYSIS).verdict).toBe("failed");
});

test("a run that was not run for no reason that is known is unknown, not passed", () => {
  const now = after(end([]), [skipped]);
  expect(summarizeRun(now, ANALYSIS)).toMatchObject({
    verdict: "unknown",
    title: "unknown: 1 of 1 job not run, and why is not known",
  });
});

test("I-48: jobs of which nothing was heard for too long are given up as unknown, and the submission is over", () => {
  const quiet = { ...after(end([undefined, "RUNNING"]), []), silence: SILENT };
  expect(summarizeRun(quiet, SIMULATION)).toMatchObject({
    verdict: "running",
    title: "running: 1 of 3 jobs done, no word from the cluster since 2026-03-01 10:12 UTC",
  });
  expect(isConcluded(quiet)).toBe(false);
  const lost = { ...quiet, silence: { ...SILENT, isLost: true } };
  expect(summarizeRun(lost, SIMULATION)).toMatchObject({
    verdict: "unknown",
    lost: 2,
    title: "unknown: no word from the cluster since 2026-03-01 10:12 UTC about 2 of 3 jobs",
  });
  expect(isConcluded(lost)).toBe(true);
});

test("I-48: what is known counts more than what is not", () => {
  const lost = { ...end(["FAILED", undefined]), silence: { ...SILENT, isLost: true } };
  expect(summarizeRun(lost, SIMULATION)).toMatchObject({
    verdict: "failed",
    title: "failed: 2 of 3 jobs (1 failed, 1 without a word of the end)",
  });
  const ended = { ...end([]), silence: { ...SILENT, isLost: true } };
  expect(summarizeRun(ended, SIMULATION).verdict).toBe("passed");
});

test("I-01: a run that waits for hours is queued with SLURM's reason and estimate, never over", () => {
  const lines = [
    { reason: "Dependency", jobs: 1 },
    { reason: "Priority", jobs: 3, startsAt: "2026-03-01T14:02:11Z" },
  ];
  const now = { ...submission(), queue: { at: "2026-03-01T05:00:00Z", lines } };
  expect(summarizeRun(now, SIMULATION)).toMatchObject({
    verdict: "queued",
    title: "queued: 3 of 3 jobs wait for Priority, start expected 14:05 UTC",
  });
  expect(summarizeRun(now, ANALYSIS).title).toBe("queued: 1 of 1 job waits for other jobs");
});

test("a reason that was told before the silence is told no more", () => {
  const queue = { at: "2026-03-01T05:00:00Z", lines: [{ reason: "Priority", jobs: 3 }] };
  expect(summarizeRun({ ...submission(), queue, silence: SILENT }, SIMULATION).title).toBe(
    "queued: 3 of 3 jobs, no word from the cluster since 2026-03-01 10:12 UTC",
  );
});

test("an estimate of another day says the day, and one that has passed is not told", () => {
  const at = "2026-03-01T23:30:00Z";
  const wait = (startsAt: string): string =>
    summarizeRun(
      {
        ...submission(),
        queue: { at, lines: [{ reason: "ReqNodeNotAvail, UnavailableNodes:n1", jobs: 3, startsAt }] },
      },
      SIMULATION,
    ).title;
  expect(wait("2026-03-02T01:00:00Z")).toBe(
    "queued: 3 of 3 jobs wait for ReqNodeNotAvail, start expected 2026-03-02 01:00 UTC",
  );
  expect(wait("2026-03-01T23:00:00Z")).toBe("queued: 3 of 3 jobs wait for ReqNodeNotAvail");
});

test("I-34: a run of which all is reused has passed, and says so", () => {
  const start = submission();
  const records = new Map([...start.records].map(([id]) => [id, { state: "reused", attempt: 0 } as const]));
  expect(summarizeRun({ ...start, records }, SIMULATION)).toMatchObject({
    verdict: "passed",
    title: "passed: 3 jobs, all reused",
  });
});

test("a run has passed when each of its jobs succeeded, and only then", () => {
  const any = fc.constantFrom<SlurmState>(
    "COMPLETED",
    "FAILED",
    "TIMEOUT",
    "CANCELLED",
    "NODE_FAIL",
    "PREEMPTED",
    "RUNNING",
  );
  fc.assert(
    fc.property(fc.tuple(any, any, any), fc.boolean(), (states, isLost) => {
      const now = { ...end(states), silence: { ...SILENT, isLost } };
      const { verdict } = judgeRun(now, SIMULATION);
      expect(verdict === "passed").toBe(states.every((state) => state === "COMPLETED"));
      expect(isOver(verdict)).toBe(isLost || !states.includes("RUNNING"));
    }),
  );
});

test("a submission is concluded when every run is over", () => {
  expect(isConcluded(end([]))).toBe(false);
  expect(isConcluded(after(end([]), [event({ job: SUMMARY })]))).toBe(true);
});
