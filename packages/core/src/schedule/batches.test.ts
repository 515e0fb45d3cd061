import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import type { JobId } from "../model/ids.ts";
import { planBatches, type Batch, type SchedulableJob } from "./batches.ts";

const RESOURCES = { sbatchOpts: [] };

function job(
  nth: number,
  stage: string,
  dependsOn: readonly number[] = [],
  kind: "hard" | "soft" = "hard",
): SchedulableJob {
  return {
    id: jobId(nth),
    stage,
    executable: `jobs/${jobId(nth)}/bin/main`,
    resources: RESOURCES,
    dependsOn: dependsOn.map((upstream) => ({ id: jobId(upstream), kind })),
  };
}

const shape = (batch: Batch): unknown => ({
  stage: batch.stage,
  indexes: [...batch.tasks.keys()],
  dependency: batch.dependency,
});

test("a sweep of one stage is one array", () => {
  expect(planBatches([job(1, "a"), job(2, "a"), job(3, "a")]).map(shape)).toEqual([
    { stage: "a", indexes: [1, 2, 3], dependency: { kind: "none" } },
  ]);
});

test("a stage that follows another job by job waits task by task", () => {
  const batches = planBatches([job(1, "a"), job(2, "a"), job(3, "b", [2]), job(4, "b", [1])]);
  expect(batches.map(shape)).toEqual([
    { stage: "a", indexes: [1, 2], dependency: { kind: "none" } },
    { stage: "b", indexes: [2, 1], dependency: { kind: "aftercorr", batch: 1 } },
  ]);
});

test("two consumers of one job go to two arrays, since an index is taken once", () => {
  const batches = planBatches([job(1, "a"), job(2, "b", [1]), job(3, "b", [1])]);
  expect(batches.map((batch) => batch.dependency)).toEqual([
    { kind: "none" },
    { kind: "aftercorr", batch: 1 },
    { kind: "aftercorr", batch: 1 },
  ]);
});

test("a reduction waits for the whole array by its id alone", () => {
  const batches = planBatches([job(1, "a"), job(2, "a"), job(3, "sum", [1, 2])]);
  expect(batches[1]?.dependency).toEqual({ kind: "after", ok: [{ batch: 1 }], any: [] });
});

test("a reduction of some tasks names them, so that the others may fail", () => {
  const batches = planBatches([job(1, "a"), job(2, "a"), job(3, "a"), job(4, "sum", [1, 3])]);
  expect(batches[1]?.dependency).toEqual({
    kind: "after",
    ok: [
      { batch: 1, index: 1 },
      { batch: 1, index: 3 },
    ],
    any: [],
  });
});

test("a soft dependency waits for the end, whatever it is", () => {
  const batches = planBatches([job(1, "a"), job(2, "plot", [1], "soft")]);
  expect(batches[1]?.dependency).toEqual({ kind: "after", ok: [], any: [{ batch: 1 }] });
});

test("jobs of one stage with other resources are another array", () => {
  const large = { ...job(2, "a"), resources: { mem: "64G", sbatchOpts: [] } };
  expect(planBatches([job(1, "a"), large])).toHaveLength(2);
});

test("an array never has an index that SLURM's default limit refuses", () => {
  const many = Array.from({ length: 2500 }, (_, index) => job(index + 1, "a"));
  const batches = planBatches(many);
  expect(batches.map((batch) => batch.tasks.size)).toEqual([1000, 1000, 500]);
  expect(Math.max(...batches.flatMap((batch) => [...batch.tasks.keys()]))).toBe(1000);
});

/** Random graphs: job n may depend on any jobs before it. */
const graphs = fc
  .array(
    fc.record({
      stage: fc.constantFrom("a", "b", "c"),
      picks: fc.array(fc.nat(), { maxLength: 3 }),
      isSoft: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  .map((nodes) =>
    nodes.map(({ stage, picks, isSoft }, index) =>
      job(
        index + 1,
        stage,
        index === 0 ? [] : [...new Set(picks.map((pick) => (pick % index) + 1))],
        isSoft ? "soft" : "hard",
      ),
    ),
  );

test("every job has one place, and waits for its own upstream jobs and no others", () => {
  fc.assert(
    fc.property(graphs, (jobs) => {
      const batches = planBatches(jobs);
      const tasks = batches.flatMap((batch) => [...batch.tasks].map(([index, task]) => ({ batch, index, task })));
      expect(tasks.map(({ task }) => task.id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      for (const { batch, index, task } of tasks) {
        expect(waitedFor(batches, batch, index)).toEqual(
          new Set(task.dependsOn.map(({ id, kind }) => `${kind} ${id}`)),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test("a batch depends on earlier batches alone, so they can be submitted in order", () => {
  fc.assert(
    fc.property(graphs, (jobs) => {
      for (const batch of planBatches(jobs)) {
        const { dependency } = batch;
        const numbers =
          dependency.kind === "none"
            ? []
            : dependency.kind === "aftercorr"
              ? [dependency.batch]
              : [...dependency.ok, ...dependency.any].map((task) => task.batch);
        expect(numbers.every((number) => number < batch.number)).toBe(true);
      }
    }),
  );
});

/** What SLURM would make this task wait for. */
function waitedFor(batches: readonly Batch[], batch: Batch, index: number): Set<string> {
  const { dependency } = batch;
  const at = (number: number, task?: number): JobId[] =>
    [...(batches[number - 1]?.tasks ?? [])]
      .filter(([key]) => task === undefined || key === task)
      .map(([, value]) => value.id);
  if (dependency.kind === "none") return new Set();
  if (dependency.kind === "aftercorr") return new Set(at(dependency.batch, index).map((id) => `hard ${id}`));
  return new Set([
    ...dependency.ok.flatMap((task) => at(task.batch, task.index)).map((id) => `hard ${id}`),
    ...dependency.any.flatMap((task) => at(task.batch, task.index)).map((id) => `soft ${id}`),
  ]);
}
