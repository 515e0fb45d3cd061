import { expect, test } from "vitest";
import { after, ANALYSIS, event, jobId, SIMULATION, submission } from "../events.fixture.ts";
import { renderCheck } from "./check-report.ts";
import { byteLength } from "./markdown.ts";
import {
  LINKS,
  makeFailed,
  makeLost,
  makePassed,
  makeShort,
  ran,
  renderPage,
  study,
  SUMMARY,
} from "./report.fixture.ts";

const SILENCE = { since: "2026-03-01T10:12:00Z", isAsked: true, isLost: false };
const QUEUE = {
  at: "2026-03-01T09:55:00Z",
  lines: [
    { reason: "Priority", jobs: 2, startsAt: "2026-03-01T14:02:11Z" },
    { reason: "Dependency", jobs: 1 },
  ],
};
const silent = {
  ...after(study(), [ran(1), event({ job: jobId(2), state: "RUNNING", node: "n2" })]),
  silence: SILENCE,
};
const unknown = { ...silent, silence: { ...SILENCE, isLost: true } };

test.each([
  ["passed", renderCheck(makePassed(), SIMULATION, LINKS)],
  ["metrics", renderCheck(makePassed(), ANALYSIS, LINKS)],
  ["failed", renderCheck(makeFailed(), SIMULATION, LINKS)],
  ["not-run", renderCheck(makeFailed(), ANALYSIS, LINKS)],
  ["resources", renderCheck(makeShort(), SIMULATION, LINKS)],
  ["infrastructure", renderCheck(makeLost(false), SIMULATION, LINKS)],
  ["infrastructure-advisory", renderCheck(makeLost(true), SIMULATION, LINKS)],
  ["queued", renderCheck({ ...study(), queue: QUEUE }, SIMULATION, LINKS)],
  ["silent", renderCheck(silent, SIMULATION, LINKS)],
  ["unknown", renderCheck(unknown, SIMULATION, LINKS)],
])("the check of a run that is %s reads as agreed", async (name, check) => {
  await expect(renderPage(check)).toMatchFileSnapshot(`golden/check-${name}.golden.md`);
});

test("I-01: a run in the queue is no conclusion, however long it waits", () => {
  const { status, conclusion } = renderCheck({ ...study(), queue: QUEUE }, SIMULATION);
  expect({ status, conclusion }).toEqual({ status: "queued", conclusion: undefined });
});

test("I-03: a run that preemption took shows every attempt, and is no failure", () => {
  const preempted = after(study(), [
    ran(1, { state: "PREEMPTED", exitCode: 0, signal: 15 }),
    ran(1, { state: "PREEMPTED", attempt: 2, exitCode: 0, signal: 15 }),
    ran(2),
    ran(3),
  ]);
  const check = renderCheck(preempted, SIMULATION);
  expect(check).toMatchObject({
    title: "infrastructure: 1 of 3 jobs lost (preempted)",
    conclusion: "action_required",
  });
  expect(check.summary.match(/infrastructure: preempted/g)).toHaveLength(3);
});

test("I-05: jobs that nobody cancelled are the infrastructure's, jobs that somebody cancelled are cancelled", () => {
  const taken = { state: "CANCELLED", elapsedSeconds: 0 } as const;
  const end = (reason: string) => renderCheck(after(study(1), [ran(1, { ...taken, reason })]), SIMULATION);
  expect(end("CancelledBy:0")).toMatchObject({
    title: "infrastructure: 1 of 1 job lost (taken away before it began)",
    conclusion: "action_required",
  });
  const cancelled = end("CancelledBy:1001");
  expect(cancelled).toMatchObject({ title: "cancelled: 1 of 1 job", conclusion: "cancelled" });
  expect(cancelled.summary).toContain("cancelled, by uid 1001");
});

test("I-08: a run out of memory is concluded, with the memory to ask for", () => {
  const check = renderCheck(makeShort(), SIMULATION);
  expect(check.conclusion).toBe("failure");
  expect(check.summary).toContain('**Next:** ask for `mem = "16G"` and `time = "02:00:00"`');
  expect(check.annotations.map(({ path, message }) => `${path}: ${message}`)[0]).toContain('Try mem = "16G"');
});

test("a run of which all trouble is time has timed out", () => {
  const late = after(study(), [ran(1), ran(2), ran(3, { state: "TIMEOUT" })]);
  expect(renderCheck(late, SIMULATION).conclusion).toBe("timed_out");
});

test("I-48: a run of which nothing was heard for too long is concluded with that reason", () => {
  const check = renderCheck(unknown, SIMULATION);
  expect(check).toMatchObject({ status: "completed", conclusion: "action_required" });
  expect(check.summary).toContain("no word since 2026-03-01 10:12 UTC of 2 jobs that had not ended");
});

test("I-49: lost evidence blocks a required run, and lets an advisory one through as neutral, never as success", () => {
  for (const trouble of [unknown, makeLost(false)]) {
    const conclude = (isAdvisory: boolean) =>
      renderCheck({ ...trouble, runs: trouble.runs.map((run) => ({ ...run, isAdvisory })) }, SIMULATION).conclusion;
    expect([conclude(false), conclude(true)]).toEqual(["action_required", "neutral"]);
  }
  const failed = makeFailed();
  const advisory = { ...failed, runs: failed.runs.map((run) => ({ ...run, isAdvisory: true })) };
  expect(renderCheck(advisory, SIMULATION).conclusion).toBe("failure");
});

test("I-34: a run of which all is reused is a success at once", () => {
  const start = study();
  const records = new Map([...start.records].map(([id]) => [id, { state: "reused", attempt: 0 } as const]));
  expect(renderCheck({ ...start, records }, SIMULATION)).toMatchObject({
    status: "completed",
    conclusion: "success",
    title: "passed: 3 jobs, all reused",
  });
});

test("the cost tells of how many jobs it is known, and counts every attempt", () => {
  const { summary } = renderCheck(
    after(study(), [
      ran(1),
      ran(1, { attempt: 2 }),
      ran(2, { cpus: undefined, nodes: undefined }),
      event({ job: jobId(3) }),
    ]),
    SIMULATION,
  );
  expect(summary).toContain(
    "**Cost:** 4 CPU-hours, 1 node-hour by 1 of the 2 jobs that ran, 1 earlier attempt included.",
  );
  expect(renderCheck(after(study(), [event({ job: jobId(1) })]), SIMULATION).summary).not.toContain("Cost");
});

test("a check without anything to run is neutral, and says so", () => {
  const start = submission();
  const empty = { ...start, runs: start.runs.map((run) => ({ ...run, jobs: [] })) };
  expect(renderCheck(empty, SIMULATION)).toMatchObject({
    status: "completed",
    conclusion: "neutral",
    title: "passed: nothing to run",
  });
});

test("buttons keep within what GitHub takes", () => {
  const checks = [makePassed(), makeFailed(), makeShort(), unknown, silent, study()].flatMap((state) =>
    [SIMULATION, ANALYSIS, undefined].map((run) => renderCheck(state, run)),
  );
  for (const { actions } of checks) {
    expect(actions.length).toBeLessThanOrEqual(3);
    for (const { identifier, label, description } of actions) {
      expect(identifier.length).toBeLessThanOrEqual(20);
      expect(label.length).toBeLessThanOrEqual(20);
      expect(description.length).toBeLessThanOrEqual(40);
    }
  }
  const identify = (check: (typeof checks)[number]) => check.actions.map(({ identifier }) => identifier);
  expect(identify(renderCheck(study(), SIMULATION))).toEqual(["cancel"]);
  expect(identify(renderCheck(makeFailed(), SIMULATION))).toEqual(["rerun-failed"]);
  expect(identify(renderCheck(makePassed(), SIMULATION))).toEqual([]);
});

test("metrics that are not a table of numbers are named and do no harm", () => {
  const odd = after(makePassed(), [event({ job: SUMMARY, attempt: 2, metricsText: '{"a": "<script>"}' })]);
  const { summary } = renderCheck(odd, ANALYSIS);
  expect(summary).toContain("metrics.json is not an object of numbers");
  expect(summary).not.toContain("<script>");
});

test("a check shows at most fifty metrics, and they never push out the logs", () => {
  const metricsText = JSON.stringify(Object.fromEntries(Array.from({ length: 900 }, (_, nth) => [`m${nth}`, nth])));
  const { text, summary } = renderCheck(
    after(makeFailed(), [ran(2, { state: "FAILED", attempt: 2, metricsText, logTail: "last words" })]),
    SIMULATION,
  );
  expect(text).toContain("last words");
  expect(summary).toContain("and 850 more");
});

test("a log cannot leave its code block and loses its terminal colours", () => {
  const { text } = renderCheck(makeFailed(), SIMULATION);
  expect(text).toContain("````text\nreading sites\n```\nno lattice <b>@everyone</b>\n````");
});

test("I-23: a check with thousands of failures and wide characters stays below GitHub's limit in bytes", () => {
  const many = study(3000);
  const ends = many.runs[0]?.jobs.map((job) =>
    event({ job, state: "FAILED", exitCode: 1, logTail: "数".repeat(4000) }),
  );
  const check = renderCheck(after(many, ends ?? []), SIMULATION, LINKS);
  expect(byteLength(check.text)).toBeLessThanOrEqual(65_535);
  expect(byteLength(check.summary)).toBeLessThanOrEqual(65_535);
  expect(check.text).toContain("more left out");
  expect(check.text).toContain("数数数");
});

test("I-22: a report of 400 KB becomes one that GitHub takes, and leads to the whole", () => {
  const logTail = "a line of the log that says what went wrong\n".repeat(360);
  const many = study(400);
  const ends = many.runs[0]?.jobs.map((job) =>
    event({ job, state: "FAILED", exitCode: 1, logTail, metricsText: "{}" }),
  );
  const check = renderCheck(after(many, ends ?? []), SIMULATION, LINKS);
  expect(byteLength(logTail) * 400).toBeGreaterThan(400_000);
  expect(byteLength(check.text)).toBeLessThanOrEqual(65_535);
  expect(check.text).toContain(`[full report](${LINKS.detailsUrl})`);
  expect(check.text.match(/^### /gm)?.length).toBeGreaterThanOrEqual(10);
});
