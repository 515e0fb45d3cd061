import { expect, test } from "vitest";
import { after, ANALYSIS, event, jobId, SIMULATION, submission } from "./events.fixture.ts";
import { isConcluded, summarizeRun } from "./submission.ts";

test("a fresh submission's runs are queued", () => {
  expect(summarizeRun(submission(), SIMULATION)).toMatchObject({ verdict: "queued", title: "queued: 3 of 3 jobs" });
});

test("a run is running as soon as one job is, with the count of those that ended", () => {
  const now = after(submission(), [event({ job: jobId(1) }), event({ job: jobId(2), state: "RUNNING" })]);
  expect(summarizeRun(now, SIMULATION)).toMatchObject({ verdict: "running", title: "running: 1 of 3 jobs done" });
  expect(isConcluded(now)).toBe(false);
});

test("a run passes when every job succeeded", () => {
  const now = after(
    submission(),
    [1, 2, 3].map((nth) => event({ job: jobId(nth) })),
  );
  expect(summarizeRun(now, SIMULATION)).toMatchObject({ verdict: "success", title: "passed: 3 jobs" });
});

test("a run fails when a job failed, and the title says how many and how", () => {
  const now = after(submission(), [
    event({ job: jobId(1), state: "FAILED", exitCode: 3 }),
    event({ job: jobId(2), state: "TIMEOUT" }),
    event({ job: jobId(3) }),
  ]);
  expect(summarizeRun(now, SIMULATION)).toMatchObject({
    verdict: "failure",
    title: "failed: 2 of 3 jobs (1 failed, 1 timed out)",
  });
});

test("a run whose jobs were never started fails and says that an upstream job is the reason", () => {
  const skipped = event({ job: jobId(99, "summary-1.0"), state: "CANCELLED", reason: "DependencyNeverSatisfied" });
  expect(summarizeRun(after(submission(), [skipped]), ANALYSIS)).toMatchObject({
    verdict: "failure",
    title: "not run: 1 of 1 job, an upstream job did not succeed",
  });
});

test("a submission is concluded when every job of every run has ended", () => {
  const ends = [1, 2, 3].map((nth) => event({ job: jobId(nth) }));
  expect(isConcluded(after(submission(), ends))).toBe(false);
  expect(isConcluded(after(submission(), [...ends, event({ job: jobId(99, "summary-1.0") })]))).toBe(true);
});
