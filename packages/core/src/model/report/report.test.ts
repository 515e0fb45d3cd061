import { expect, test } from "vitest";
import { renderCheck } from "./check-report.ts";
import { COMMENT_MARKER, renderComment } from "./comment.ts";
import { after, ANALYSIS, event, jobId, SIMULATION, submission } from "../events.fixture.ts";
import { byteLength } from "./markdown.ts";

const METRICS = JSON.stringify({ percolation_threshold: { value: 0.592731, error: 0.00042 }, jobs: 3 });
const SUMMARY = jobId(99, "summary-1.0");

const passed = after(submission(), [
  ...[1, 2, 3].map((nth) => event({ job: jobId(nth) })),
  event({ job: SUMMARY, metricsText: METRICS }),
]);

const failed = after(submission(), [
  event({ job: jobId(1) }),
  event({
    job: jobId(2),
    state: "FAILED",
    exitCode: 3,
    node: "n1",
    reason: "NonZeroExitCode",
    logTail: "reading sites\n```\n\u001b[31mno lattice\u001b[0m <b>@everyone</b>\n",
  }),
  event({ job: jobId(3) }),
  event({ job: SUMMARY, state: "CANCELLED", reason: "DependencyNeverSatisfied" }),
]);

test("the comment of a passed submission reads as agreed", async () => {
  await expect(renderComment(passed)).toMatchFileSnapshot("golden/comment-passed.golden.md");
});

test("the comment of a failed submission reads as agreed", async () => {
  await expect(renderComment(failed)).toMatchFileSnapshot("golden/comment-failed.golden.md");
});

test("the check of a failed run reads as agreed", async () => {
  const check = renderCheck(failed, SIMULATION);
  expect(check).toMatchObject({ name: "repx / simulation", status: "completed", conclusion: "failure" });
  await expect(`${check.title}\n\n${check.summary}\n\n${check.text}`).toMatchFileSnapshot(
    "golden/check-failed.golden.md",
  );
});

test("the check of a run that was not started names the upstream cause", () => {
  const check = renderCheck(failed, ANALYSIS);
  expect(check.conclusion).toBe("failure");
  expect(check.summary).toContain("upstream: threshold-1.0 failed, exit code 3");
});

test("a check says who cancelled a job where that is known", () => {
  const cancelled = { state: "CANCELLED", elapsedSeconds: 0 } as const;
  const by = after(submission(), [
    event({ job: jobId(1), ...cancelled, reason: "CancelledBy:1001" }),
    event({ job: jobId(2), ...cancelled, reason: "CancelledBy:0" }),
  ]);
  const { summary } = renderCheck(by, SIMULATION);
  expect(summary).toContain("cancelled, by uid 1001");
  expect(summary).toContain("infrastructure, cancelled by uid 0");
});

test("the marker is the comment's first line", () => {
  expect(renderComment(passed).split("\n")[0]).toBe(COMMENT_MARKER);
});

test("metrics that are not a table of numbers are named and do no harm", () => {
  const odd = after(passed, [event({ job: SUMMARY, attempt: 2, metricsText: '{"a": "<script>"}' })]);
  expect(renderComment(odd)).toContain("metrics.json is not an object of numbers");
  expect(renderComment(odd)).not.toContain("<script>");
});

test("a check shows at most fifty metrics, and they never push out the logs", () => {
  const metricsText = JSON.stringify(
    Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`m${index}`, index])),
  );
  const { text } = renderCheck(
    after(failed, [event({ job: jobId(2), state: "FAILED", attempt: 2, metricsText, logTail: "last words" })]),
    SIMULATION,
  );
  expect(text).toContain("last words");
  expect(text).toContain("and 850 more");
});

test("a log cannot leave its code block and loses its terminal colours", () => {
  const { text } = renderCheck(failed, SIMULATION);
  expect(text).toContain("````text\nreading sites\n```\nno lattice <b>@everyone</b>\n````");
});

test("I-23: a check with thousands of failures and wide characters stays below GitHub's limit in bytes", () => {
  const many = submission(3000);
  const lost = after(
    many,
    many.runs[0]?.jobs.map((job) => event({ job, state: "FAILED", exitCode: 1, logTail: "数".repeat(4000) })) ?? [],
  );
  const check = renderCheck(lost, SIMULATION);
  expect(byteLength(check.text)).toBeLessThanOrEqual(65_535);
  expect(byteLength(check.summary)).toBeLessThanOrEqual(65_535);
  expect(check.text).toContain("more left out");
});
