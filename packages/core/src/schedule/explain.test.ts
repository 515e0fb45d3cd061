import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import type { JobId } from "../model/ids.ts";
import type { EarlierJob } from "./earlier-jobs.ts";
import { explainPlan, listUnexplained, type Evidence, type Reason } from "./explain.ts";
import { listDifferences, type JobIdentity } from "./job-identity.ts";

const STAGE = "threshold-1.0";
type Some = Partial<Pick<JobIdentity, "parameters" | "stage">> & {
  readonly code?: string;
  readonly needs?: readonly JobId[];
  readonly file?: string;
};

function job(
  id: JobId,
  { parameters = {}, code = "c1", needs = [], file = "threshold", stage = STAGE }: Some = {},
): JobIdentity {
  return { id, stage, parameters, dependsOn: [...needs], executable: { path: `jobs/${id}/bin/${file}`, sha256: code } };
}

function before(nth: number, some: Some = {}, more: Partial<EarlierJob> = {}): EarlierJob {
  return {
    ...job(jobId(nth, `${some.file ?? "threshold"}-1.0`), some),
    end: "succeeded",
    at: "2026-03-01T10:00:00Z",
    ...more,
  };
}

const NOTHING = { succeeded: [], failed: [], incomplete: [] };

function explain(
  jobs: readonly JobIdentity[],
  earlier: readonly EarlierJob[],
  told: Partial<Record<"succeeded" | "failed" | "incomplete", readonly JobId[]>> = {},
  more: { again?: Evidence["plan"]["again"]; revisions?: ReadonlyMap<JobId, number> } = {},
): Reason[] {
  const { succeeded, failed, incomplete } = { ...NOTHING, ...told };
  const evidence = {
    plan: { toRun: jobs.map(({ id }) => id), again: more.again ?? new Map() },
    facts: {
      succeeded: new Set(succeeded),
      failed: new Set(failed),
      incomplete: new Set(incomplete),
      queued: new Map(),
      revisions: more.revisions ?? new Map(),
    },
    jobs: new Map(jobs.map((one) => [one.id, one])),
  };
  return [...explainPlan({ ...evidence, earlier }).values()];
}

const NEW = jobId(900);
const changed = (nth: number, what: Partial<Extract<Reason, { kind: "changed" }>>): Reason => ({
  kind: "changed",
  nearest: jobId(nth),
  code: false,
  parameters: [],
  inputs: [],
  ...what,
});

test("the first job of a stage runs for the first time", () => {
  expect(explain([job(NEW)], [])).toEqual([{ kind: "first" }]);
  expect(explain([job(NEW)], [before(1, { file: "simulate" })])).toEqual([{ kind: "first" }]);
});

test("a changed program is told, by the job with the same parameters", () => {
  const earlier = [
    before(1, { parameters: { size: 1 }, code: "c0" }),
    before(2, { parameters: { size: 2 }, code: "c0" }),
  ];
  expect(explain([job(NEW, { parameters: { size: 2 } })], earlier)).toEqual([changed(2, { code: true })]);
});

test("a changed parameter is told with both values, one that came or went with one", () => {
  const earlier = [before(1, { parameters: { size: 16, seed: 1, old: true } })];
  expect(explain([job(NEW, { parameters: { size: 32, seed: 1, mode: "x" } })], earlier)).toEqual([
    changed(1, {
      parameters: [
        { name: "mode", to: "x" },
        { name: "old", from: true },
        { name: "size", from: 16, to: 32 },
      ],
    }),
  ]);
});

test("a version that is another one is a change of code", () => {
  const earlier = [before(1, { stage: "threshold-0.9" })];
  expect(explain([job(NEW)], earlier)).toEqual([changed(1, { code: true })]);
});

test("a changed input job is told, and the job that stood where it stands is the one that read its predecessor", () => {
  // Without parameters of their own, consumers differ by what they read alone.
  const sources = [1, 2, 3].map((nth) => before(nth, { file: "simulate", parameters: { seed: nth } }));
  const sums = [1, 2, 3].map((nth) => before(nth + 10, { needs: [jobId(nth, "simulate-1.0")] }));
  const now = [1, 2, 3].map((nth) =>
    job(jobId(nth + 20, "simulate-1.0"), { file: "simulate", stage: STAGE, parameters: { seed: nth }, code: "c2" }),
  );
  const consumers = [1, 2, 3].map((nth) => job(jobId(nth + 30), { needs: [jobId(nth + 20, "simulate-1.0")] }));
  const reasons = explain([...now, ...consumers], [...sources, ...sums]);
  expect(reasons.slice(3)).toEqual(
    [1, 2, 3].map((nth) =>
      changed(nth + 10, { inputs: [{ from: jobId(nth, "simulate-1.0"), to: jobId(nth + 20, "simulate-1.0") }] }),
    ),
  );
});

test("an input more or less has one side", () => {
  const earlier = [before(1, { needs: [jobId(5), jobId(6)] })];
  expect(explain([job(NEW, { needs: [jobId(6)] })], earlier)).toEqual([changed(1, { inputs: [{ from: jobId(5) }] })]);
});

test("where nothing that records have differs, the nearest job is told all the same", () => {
  expect(explain([job(NEW)], [before(1)])).toEqual([changed(1, {})]);
});

test("a job that failed is told with the scheduler's word and the time, if there are such", () => {
  const own = { ...before(1), id: NEW, end: "failed" as const, state: "TIMEOUT" };
  expect(explain([job(NEW)], [own, before(2)], { failed: [NEW] })).toEqual([
    { kind: "failed", state: "TIMEOUT", at: "2026-03-01T10:00:00Z" },
  ]);
  expect(explain([job(NEW)], [before(2)], { failed: [NEW] })).toEqual([{ kind: "failed" }]);
});

test("a folder without a marker is a failure where a relay saw the end, and incomplete otherwise", () => {
  const own = { ...before(1), id: NEW, end: "unfinished" as const };
  expect(explain([job(NEW)], [{ ...own, state: "OUT_OF_MEMORY" }], { incomplete: [NEW] })).toMatchObject([
    { kind: "failed", state: "OUT_OF_MEMORY" },
  ]);
  expect(explain([job(NEW)], [own], { incomplete: [NEW] })).toEqual([
    { kind: "incomplete", at: "2026-03-01T10:00:00Z" },
  ]);
});

test("a success that does not count is told by the wish", () => {
  const again = new Map([[NEW, 3]]);
  const revisions = new Map([[NEW, 2]]);
  expect(explain([job(NEW)], [], { succeeded: [NEW] }, { again: new Map([[NEW, "force"]]) })).toEqual([
    { kind: "forced" },
  ]);
  expect(explain([job(NEW)], [], { succeeded: [NEW] }, { again })).toEqual([{ kind: "revision", wanted: 3 }]);
  expect(explain([job(NEW)], [], { succeeded: [NEW] }, { again, revisions })).toEqual([
    { kind: "revision", wanted: 3, found: 2 },
  ]);
});

test("records are wanted only of stages whose jobs their own history does not explain", () => {
  const jobs = [job(jobId(1)), job(jobId(2), { file: "simulate" })];
  const evidence = {
    plan: { toRun: jobs.map(({ id }) => id), again: new Map() },
    facts: {
      succeeded: new Set<JobId>(),
      failed: new Set([jobId(1)]),
      incomplete: new Set<JobId>(),
      queued: new Map(),
      revisions: new Map(),
    },
    jobs: new Map(jobs.map((one) => [one.id, one])),
  };
  expect(listUnexplained(evidence)).toEqual(["simulate"]);
});

const parameters = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 2 }), { maxKeys: 4 });
const some = fc.record({
  parameters,
  code: fc.constantFrom("c1", "c2"),
  needs: fc.subarray([jobId(501), jobId(502), jobId(503)]),
});
const history = fc
  .array(fc.tuple(some, fc.integer({ min: 0, max: 3 })), { maxLength: 30 })
  .map((all) => all.map(([one, day], index) => before(index + 1, one, { at: `2026-03-0${day + 1}T10:00:00Z` })));

test("no earlier job of the stage has fewer parameters that differ than the nearest", () => {
  fc.assert(
    fc.property(some, history, (one, earlier) => {
      const [reason] = explain([job(NEW, one)], earlier);
      const fewest = Math.min(...earlier.map((other) => listDifferences(other.parameters, one.parameters).length));
      expect(reason?.kind).toBe(earlier.length === 0 ? "first" : "changed");
      const found = reason?.kind === "changed" ? reason.parameters.length : Number.POSITIVE_INFINITY;
      expect(found).toBe(fewest);
    }),
    { numRuns: 500 },
  );
});

test("the order of the records changes no reason", () => {
  const shuffled = history.chain((all) =>
    fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }).map((other) => ({ all, other })),
  );
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 5 }), shuffled, (wanted, { all, other }) => {
      const jobs = wanted.map((one, index) => job(jobId(900 + index), one));
      expect(explain(jobs, other)).toEqual(explain(jobs, all));
    }),
    { numRuns: 500 },
  );
});

test("10,000 jobs that each read the same 10,000 are explained by 10,000 others", () => {
  const count = 10_000;
  const needs = Array.from({ length: count }, (_, nth) => jobId(nth + 100_000));
  const jobs = Array.from({ length: count }, (_, nth) => ({
    ...job(jobId(nth + 1), { parameters: { seed: nth } }),
    dependsOn: needs,
  }));
  const earlier = Array.from({ length: count }, (_, nth) =>
    before(nth + 20_000, { parameters: { seed: nth }, code: "c0" }),
  );
  const reasons = explain(jobs, earlier);
  expect(reasons).toHaveLength(count);
  expect(reasons.every((reason, nth) => reason.kind === "changed" && reason.nearest === jobId(nth + 20_000))).toBe(
    true,
  );
});
