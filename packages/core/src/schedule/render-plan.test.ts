import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import type { Reason } from "./explain.ts";
import { renderPlan, type PlannedJob } from "./render-plan.ts";

const run = (nth: number, stage: string, reason: Reason): PlannedJob => ({
  id: jobId(nth),
  stage,
  action: "run",
  reason,
});
const at = "2026-03-01T10:05:30Z";
const changed = (some: Partial<Extract<Reason, { kind: "changed" }>>): Reason => ({
  kind: "changed",
  nearest: jobId(77),
  code: false,
  parameters: [],
  inputs: [],
  ...some,
});

test("a plan is a line of numbers, and what runs or waits by stage and reason", () => {
  const sizes = [64, 128, 256, 512].map((to) => changed({ parameters: [{ name: "size", from: 32, to }] }));
  const jobs: PlannedJob[] = [
    { id: jobId(1), stage: "prepare-1.0", action: "reuse" },
    ...sizes.map((reason, index) => run(index + 2, "percolation-1.0", reason)),
    run(10, "percolation-1.0", { kind: "failed", state: "TIMEOUT", at }),
    run(11, "threshold-1.0", changed({ code: true, inputs: [{ from: jobId(5), to: jobId(6) }, { to: jobId(7) }] })),
    run(12, "plot-1.0", { kind: "first" }),
    run(13, "plot-1.0", { kind: "incomplete", at }),
    run(14, "plot-1.0", { kind: "forced" }),
    run(15, "plot-1.0", { kind: "revision", wanted: 3 }),
    run(16, "plot-1.0", { kind: "revision", wanted: 3, found: 2 }),
    run(17, "plot-1.0", changed({})),
    {
      id: jobId(18),
      stage: "sum-1.0",
      action: "wait",
      slurmId: "7_1",
      submission: "s0123456789abcdefghijklmno",
      isRunning: true,
    },
    {
      id: jobId(19),
      stage: "sum-1.0",
      action: "wait",
      slurmId: "7_2",
      submission: "s0123456789abcdefghijklmno",
      isRunning: false,
    },
  ];
  expect(renderPlan(jobs).join("\n")).toBe(
    `15 jobs: 12 to run, 2 in the queue already, 1 reused
STAGE            JOBS  WHY
percolation-1.0     4  size 32 -> 64, 32 -> 128, 32 -> 256 and 1 more (nearest:
                       00000000)
percolation-1.0     1  failed last time (TIMEOUT), 2026-03-01 10:05Z
threshold-1.0       1  code changed; input changed: 00000000 -> 00000000, none
                       -> 00000000 (nearest: 00000000)
plot-1.0            1  first time
plot-1.0            1  its earlier result is incomplete, begun 2026-03-01 10:05Z
plot-1.0            1  forced
plot-1.0            2  revision 3 is wished; there is none, 2
plot-1.0            1  outputs or wires changed (nearest: 00000000)
sum-1.0             2  in the queue already, 1 running: submission
                       s0123456789abcdefghijklmno, SLURM 7_1, 7_2`,
  );
});

test("where all is reused there is one line", () => {
  expect(renderPlan([{ id: jobId(1), stage: "a-1", action: "reuse" }])).toEqual(["1 job: 0 to run, 1 reused"]);
  expect(renderPlan([])).toEqual(["0 jobs: 0 to run, 0 reused"]);
});

const value = fc.oneof(fc.string(), fc.integer(), fc.constant(undefined), fc.jsonValue());
const reasons: fc.Arbitrary<Reason> = fc.oneof(
  fc.constant<Reason>({ kind: "first" }),
  fc.record({
    kind: fc.constant("changed" as const),
    nearest: fc.nat(99).map((nth) => jobId(nth)),
    code: fc.boolean(),
    parameters: fc.array(fc.record({ name: fc.string({ maxLength: 200 }), from: value, to: value }), { maxLength: 4 }),
    inputs: fc.array(fc.record({ from: fc.nat(99).map((nth) => jobId(nth)) }), { maxLength: 4 }),
  }),
);

test("no line is wider than 80 columns or has a control character, and every job is counted once", () => {
  const stage = fc.stringMatching(/^[a-z]{1,60}-1$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(stage, reasons), { maxLength: 20 }), (rows) => {
      const lines = renderPlan(rows.map(([name, reason], nth) => run(nth, name, reason)));
      for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(80);
      expect(lines.join("")).not.toMatch(/\p{Cc}/u);
      const counts = lines.slice(2).map((line) => Number(/^\S+ +(\d+) {2}\S/.exec(line)?.[1] ?? 0));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows.length);
    }),
  );
});
