import * as fc from "fast-check";
import { expect, test } from "vitest";
import { event, jobId } from "./events.fixture.ts";
import { EventId } from "./ids.ts";
import { step, type JobRecord } from "./job-state.ts";
import type { JobEvent, JobState, SlurmState } from "./protocol.ts";

const START: JobRecord = { state: "queued", attempt: 0 };
const JOB = jobId(1);

const fold = (events: readonly JobEvent[], start = START): JobRecord => events.reduce(step, start);

test.each<[SlurmState, JobState]>([
  ["PENDING", "queued"],
  ["RUNNING", "running"],
  ["COMPLETED", "succeeded"],
  ["FAILED", "failed"],
  ["TIMEOUT", "timed_out"],
  ["DEADLINE", "timed_out"],
  ["OUT_OF_MEMORY", "out_of_memory"],
  ["CANCELLED", "cancelled"],
  ["NODE_FAIL", "infrastructure"],
  ["PREEMPTED", "infrastructure"],
  ["REQUEUED", "queued"],
])("SLURM's %s makes a job %s", (slurm, state) => {
  expect(fold([event({ job: JOB, state: slurm })]).state).toBe(state);
});

test("a job that SLURM calls completed without the wrapper's marker has not succeeded", () => {
  expect(fold([event({ job: JOB, state: "COMPLETED", marker: undefined })]).state).toBe("infrastructure");
  expect(fold([event({ job: JOB, state: "COMPLETED", marker: "FAIL" })]).state).toBe("infrastructure");
});

test("a job whose dependency can never be met is skipped, not cancelled", () => {
  expect(fold([event({ job: JOB, state: "CANCELLED", reason: "DependencyNeverSatisfied" })]).state).toBe("skipped");
});

test("I-05: a job that uid 0 took away before it began is the infrastructure's failure, any other is cancelled", () => {
  const taken = { job: JOB, state: "CANCELLED", reason: "CancelledBy:0", elapsedSeconds: 0 } as const;
  expect(fold([event(taken)]).state).toBe("infrastructure");
  expect(fold([event({ ...taken, reason: "CancelledBy:1001" })]).state).toBe("cancelled");
  expect(fold([event({ ...taken, elapsedSeconds: 90 })]).state).toBe("cancelled");
  expect(fold([event({ ...taken, reason: undefined })]).state).toBe("cancelled");
});

test("I-15: a job whose step was out of memory was out of memory, though SLURM calls it failed", () => {
  expect(fold([event({ job: JOB, state: "FAILED", reason: "OutOfMemory" })]).state).toBe("out_of_memory");
});

test("an end that was assumed when a submission was abandoned gives way to the true one, however old", () => {
  const assumed = { ...event({ job: JOB, state: "CANCELLED", at: "2026-03-01T10:10:00Z" }), slurmId: "0" };
  const ended = event({ job: JOB, state: "COMPLETED", at: "2026-03-01T10:09:00Z" });
  expect(fold([assumed, ended]).state).toBe("succeeded");
  expect(fold([ended, assumed]).state).toBe("succeeded");
});

test("a job that is requeued is queued again, until its next attempt tells more", () => {
  const running = event({ job: JOB, state: "RUNNING" });
  const requeued = event({ job: JOB, state: "REQUEUED" });
  const again = event({ job: JOB, state: "RUNNING", attempt: 2 });
  expect(fold([running, requeued]).state).toBe("queued");
  expect(fold([requeued, running]).state).toBe("queued");
  expect(fold([requeued, again]).state).toBe("running");
});

test("a later attempt outweighs the end of an earlier one", () => {
  const lost = event({ job: JOB, state: "NODE_FAIL", attempt: 1 });
  const again = event({ job: JOB, state: "COMPLETED", attempt: 2 });
  expect(fold([lost, again])).toMatchObject({ state: "succeeded", attempt: 2 });
  expect(fold([again, lost])).toMatchObject({ state: "succeeded", attempt: 2 });
});

test("a start that arrives after the end changes nothing but the start time", () => {
  const end = event({ job: JOB, state: "FAILED", exitCode: 3, at: "2026-03-01T10:05:00Z" });
  const start = event({ job: JOB, state: "RUNNING", at: "2026-03-01T10:00:00Z", node: "n1" });
  expect(fold([end, start])).toEqual(fold([start, end]));
  expect(fold([end, start])).toMatchObject({ state: "failed", exitCode: 3, startedAt: "2026-03-01T10:00:00Z" });
});

test("a reused job stays reused whatever is reported of it", () => {
  const reused: JobRecord = { state: "reused", attempt: 0 };
  expect(fold([event({ job: JOB, state: "FAILED" })], reused)).toEqual(reused);
});

test("an earlier attempt keeps how it ended, where and for how long, also when that is told late", () => {
  const start = event({ job: JOB, state: "RUNNING", at: "2026-03-01T08:00:00Z" });
  const lost = event({ job: JOB, state: "NODE_FAIL", node: "n1", elapsedSeconds: 3600, cpus: 4 });
  const requeued = event({ job: JOB, state: "REQUEUED", reason: "again with mem 80M after OUT_OF_MEMORY" });
  const again = event({ job: JOB, state: "COMPLETED", attempt: 2, peakMebibytes: 70 });
  const expected = {
    state: "succeeded",
    attempt: 2,
    peakMebibytes: 70,
    earlier: [
      {
        attempt: 1,
        state: "infrastructure",
        slurmState: "NODE_FAIL",
        node: "n1",
        startedAt: "2026-03-01T08:00:00Z",
        elapsedSeconds: 3600,
        cpus: 4,
      },
    ],
  };
  expect(fold([start, lost, requeued, again])).toMatchObject(expected);
  expect(fold([again, requeued, lost, start])).toMatchObject(expected);
  expect(fold([requeued, again]).earlier).toMatchObject([{ attempt: 1, state: "queued", slurmState: "REQUEUED" }]);
});

test("earlier attempts keep no log and no metrics", () => {
  const failed = event({ job: JOB, state: "FAILED", logTail: "last words", metricsText: "{}" });
  const { earlier } = fold([failed, event({ job: JOB, attempt: 2 })]);
  expect(JSON.stringify(earlier)).not.toMatch(/logTail|metricsText/);
});

/** Who says what of which attempt is an event's id on the target. */
const identify = ({ source, attempt, state }: { source: string; attempt: number; state: string }): string =>
  `${source}.${attempt}.${state}`;

const states: SlurmState[] = [
  "PENDING",
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "TIMEOUT",
  "CANCELLED",
  "NODE_FAIL",
  "REQUEUED",
];
const some = fc.record({
  state: fc.constantFrom(...states),
  attempt: fc.integer({ min: 1, max: 3 }),
  second: fc.constantFrom("10", "10.5", "10.50", "11", "12.25"),
  source: fc.constantFrom("relay", "abandoned"),
});
const history = fc.uniqueArray(some, { maxLength: 12, selector: identify });

const make = (one: { state: SlurmState; attempt: number; second: string; source: string }): JobEvent => ({
  ...event({
    job: JOB,
    state: one.state,
    attempt: one.attempt,
    at: `2026-03-01T10:00:${one.second}Z`,
    node: `n${one.second}`,
    reason: `${one.source} ${one.second}`,
    cpus: one.attempt,
    peakMebibytes: Number(one.second),
  }),
  id: EventId.parse(identify(one)),
  slurmId: one.source === "abandoned" ? "0" : "7_1",
});

test("order and repetition of events do not matter", () => {
  const shuffled = history.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list)),
  );
  fc.assert(
    fc.property(shuffled, ([list, other, again]) => {
      expect(fold([...other, ...again].map(make))).toEqual(fold(list.map(make)));
    }),
    { numRuns: 500 },
  );
});

test("events that are lost take nothing from the last attempt's state, as long as its best evidence is there", () => {
  const lossy = history.chain((list) => fc.tuple(fc.constant(list), fc.subarray(list)));
  fc.assert(
    fc.property(lossy, ([list, left]) => {
      const whole = fold(list.map(make));
      const best = list.filter((one) => identify(one) === whole.evidence?.id);
      const kept = list.filter((one) => left.includes(one) || best.includes(one));
      const { state, attempt, evidence } = fold(kept.map(make));
      expect({ state, attempt, evidence }).toEqual({
        state: whole.state,
        attempt: whole.attempt,
        evidence: whole.evidence,
      });
    }),
    { numRuns: 300 },
  );
});
