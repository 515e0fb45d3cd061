import { expect, test } from "vitest";
import { after, ANALYSIS, SIMULATION } from "../events.fixture.ts";
import { RunName } from "../ids.ts";
import { listChecks } from "./aggregate.ts";
import { renderCheck } from "./check-report.ts";
import { LINKS, makeFailed, makeMany, ran, renderPage, study } from "./report.fixture.ts";

const name = (checks: ReturnType<typeof listChecks>): string[] => checks.map((check) => check.name);

test("a submission has one check a run, up to forty", () => {
  expect(listChecks(makeFailed())).toEqual([
    { name: "repx / simulation", run: SIMULATION },
    { name: "repx / analysis", run: ANALYSIS },
  ]);
  expect(listChecks(makeMany(40, 3))).toHaveLength(40);
});

test("above forty runs there is one check for all, and one each for some that did not pass", () => {
  expect(name(listChecks(makeMany(41, 2)))).toEqual(["repx", "repx / sweep-001", "repx / sweep-002"]);
  expect(listChecks(makeMany(200, 100))).toHaveLength(21);
});

test("a run that has a check keeps it when it passes after all, and counts among the twenty", () => {
  const told = new Set([RunName.parse("sweep-150")]);
  const checks = name(listChecks(makeMany(200, 100), told));
  expect(checks.slice(0, 3)).toEqual(["repx", "repx / sweep-150", "repx / sweep-001"]);
  expect(checks).toHaveLength(21);
});

test("I-30: a submission whose runs have no job has one check, which is neutral and says that there is nothing to run", () => {
  const start = study();
  const empty = { ...start, runs: start.runs.map((run) => ({ ...run, jobs: [] })) };
  expect(name(listChecks(empty))).toEqual(["repx"]);
  expect(renderCheck(empty, undefined)).toMatchObject({
    name: "repx",
    status: "completed",
    conclusion: "neutral",
    title: "passed: nothing to run in 2 experiments",
  });
  const [only] = empty.runs;
  expect(name(listChecks({ ...empty, runs: only === undefined ? [] : [only] }))).toEqual(["repx / simulation"]);
});

test("the check of many runs reads as agreed", async () => {
  const page = renderPage(renderCheck(makeMany(45, 3), undefined, LINKS));
  await expect(page).toMatchFileSnapshot("golden/check-aggregate.golden.md");
});

test.each([
  ["success", "passed: 2 experiments", []],
  ["failure", "failed: 1 of 2 experiments", [ran(1, { state: "FAILED" })]],
  [
    "failure",
    "failed: 2 of 2 experiments (1 failed, 1 infrastructure)",
    [ran(1, { state: "FAILED" }), ran(2, { state: "NODE_FAIL" })],
  ],
  ["timed_out", "resources: 1 of 2 experiments", [ran(1, { state: "TIMEOUT" })]],
  ["cancelled", "cancelled: 1 of 2 experiments", [ran(1, { state: "CANCELLED" })]],
  ["action_required", "infrastructure: 1 of 2 experiments", [ran(1, { state: "NODE_FAIL" })]],
] as const)("all runs together conclude as the worst of them: %s", (conclusion, title, ends) => {
  const start = makeMany(2, 0);
  const fresh = { ...start, records: study(2).records };
  const rest = [1, 2].slice(ends.length).map((nth) => ran(nth));
  expect(renderCheck(after(fresh, [...ends, ...rest]), undefined)).toMatchObject({ conclusion, title });
});

test("all runs together are under way until each is over", () => {
  const start = { ...makeMany(2, 0), records: study(2).records };
  expect(renderCheck(start, undefined)).toMatchObject({ status: "queued", title: "queued: 2 experiments" });
  const half = renderCheck(after(start, [ran(1, { state: "FAILED" })]), undefined);
  expect(half).toMatchObject({ status: "in_progress", title: "running: 1 of 2 experiments done, 1 failed" });
});
