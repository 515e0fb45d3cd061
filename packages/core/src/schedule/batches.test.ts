import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import type { JobId } from "../model/ids.ts";
import { planBatches, type Batch, type BatchDependency, type SchedulableJob } from "./batches.ts";

const NONE = { corresponding: [], ok: [], any: [] };
const after = (some: Partial<BatchDependency>) => ({ ...NONE, ...some });
const range = <Item>(count: number, make: (nth: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index + 1));
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
    { stage: "a", indexes: [1, 2, 3], dependency: NONE },
  ]);
});

test("a stage that follows another job by job waits task by task", () => {
  const batches = planBatches([job(1, "a"), job(2, "a"), job(3, "b", [2]), job(4, "b", [1])]);
  expect(batches.map(shape)).toEqual([
    { stage: "a", indexes: [1, 2], dependency: NONE },
    { stage: "b", indexes: [1, 2], dependency: after({ corresponding: [1] }) },
  ]);
});

test("many that wait for one job are one array, whatever their number", () => {
  const sweep = range(3, (nth) => job(nth + 1, "sweep", [1]));
  expect(planBatches([job(1, "prepare"), ...sweep]).map(shape)).toEqual([
    { stage: "prepare", indexes: [1], dependency: NONE },
    { stage: "sweep", indexes: [1, 2, 3], dependency: after({ ok: [{ batch: 1 }] }) },
  ]);
});

test("two consumers of each job go to two arrays, since an index is taken once", () => {
  const sources = range(3, (nth) => job(nth, "a"));
  const consumers = range(6, (nth) => job(nth + 3, "b", [Math.ceil(nth / 2)]));
  expect(planBatches([...sources, ...consumers]).map((batch) => batch.dependency)).toEqual([
    NONE,
    after({ corresponding: [1] }),
    after({ corresponding: [1] }),
  ]);
});

test("who combines two sweeps job by job waits for the same index of both, whatever their order", () => {
  const [left, right] = [range(5, (nth) => job(nth, "left")), range(5, (nth) => job(20 - nth, "right"))];
  const both = range(5, (nth) => job(nth + 20, "both", [nth, 20 - nth]));
  const batches = planBatches([...left, ...right.toReversed(), ...both], new Map(), 3);
  expect(batches.map(({ stage, dependency }) => [stage, dependency.corresponding])).toEqual([
    ["left", []],
    ["left", []],
    ["right", []],
    ["right", []],
    ["both", [1, 3]],
    ["both", [2, 4]],
  ]);
});

test("who combines two sweeps of which some jobs are there already still waits by index", () => {
  const left = range(50, (nth) => job(nth, "left")).filter((_, index) => index % 3 !== 0);
  const right = range(50, (nth) => job(nth + 50, "right")).filter((_, index) => index % 4 !== 0);
  const there = new Set([...left, ...right].map(({ id }) => id));
  const both = range(50, (nth) => job(nth + 100, "both", [nth, nth + 50])).map((one) => ({
    ...one,
    dependsOn: one.dependsOn.filter(({ id }) => there.has(id)),
  }));
  // Both are there, only the left one, only the right one, none.
  expect(planBatches([...left, ...right, ...both])).toHaveLength(2 + 4);
});

test("means over repetitions wait by index for an array of each repetition", () => {
  const points = 200;
  const repetitions = range(points * 5, (nth) => job(nth, "repeat"));
  const means = range(points, (nth) =>
    job(
      nth + 2000,
      "mean",
      range(5, (one) => (nth - 1) * 5 + one),
    ),
  );
  const batches = planBatches([...repetitions, ...means]);
  expect(batches.map((batch) => batch.tasks.size)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(batches.at(-1)?.dependency).toEqual(after({ corresponding: [1, 2, 3, 4, 5] }));
});

test("repetitions that go through another stage before their mean are arrays by repetition as well", () => {
  const repetitions = range(60, (nth) => job(nth, "repeat"));
  const filtered = range(60, (nth) => job(nth + 100, "filter", [nth]));
  const means = range(20, (nth) =>
    job(
      nth + 200,
      "mean",
      range(3, (one) => 100 + (nth - 1) * 3 + one),
    ),
  );
  expect(planBatches([...repetitions, ...filtered, ...means])).toHaveLength(3 + 3 + 1);
});

test("few reductions of many jobs name what they wait for", () => {
  const sweep = range(40, (nth) => job(nth, "sweep"));
  const sums = [
    job(
      50,
      "sum",
      range(20, (nth) => nth),
    ),
    job(
      51,
      "sum",
      range(20, (nth) => nth + 20),
    ),
  ];
  const batches = planBatches([...sweep, ...sums]);
  expect(batches.map((batch) => batch.tasks.size)).toEqual([40, 1, 1]);
  expect(batches[2]?.dependency.ok).toEqual(range(20, (nth) => ({ batch: 1, index: nth + 20 })));
});

test("few reductions of very many jobs have whole arrays to wait for", () => {
  const sweep = range(45, (nth) => job(nth, "sweep"));
  const sums = [
    job(
      50,
      "sum",
      range(20, (nth) => nth),
    ),
    job(
      51,
      "sum",
      range(20, (nth) => nth + 20),
    ),
  ];
  const batches = planBatches([...sweep, ...sums], new Map(), 8);
  expect(batches.map(({ stage, tasks }) => [stage, tasks.size])).toEqual([
    ...[8, 8, 4, 8, 8, 4, 5].map((size) => ["sweep", size]),
    ["sum", 1],
    ["sum", 1],
  ]);
  expect(batches.at(-1)?.dependency.ok).toEqual([{ batch: 4 }, { batch: 5 }, { batch: 6 }]);
});

test("a grid of two sweeps waits by index for one of them and by name for the other", () => {
  const [rows, columns] = [range(4, (nth) => job(nth, "row")), range(6, (nth) => job(nth + 10, "column"))];
  const cells = range(24, (nth) => job(nth + 20, "cell", [((nth - 1) % 4) + 1, Math.ceil(nth / 4) + 10]));
  expect(planBatches([...rows, ...columns, ...cells])).toHaveLength(2 + 4);
});

test("jobs that are compared with a common one wait for their own by index", () => {
  const sweep = range(10, (nth) => job(nth, "sweep"));
  const compared = range(9, (nth) => job(nth + 20, "compare", [nth + 1, 1]));
  const batches = planBatches([...sweep, ...compared]);
  expect(batches[1]?.dependency).toEqual({ corresponding: [1], ok: [{ batch: 1, index: 1 }], any: [] });
});

test("thousands of jobs that wait for thousands have one list between them", () => {
  const sweep = range(3000, (nth) => job(nth, "a"));
  const dependsOn = sweep.map(({ id }) => ({ id, kind: "hard" as const }));
  const second = range(3000, (nth) => ({ ...job(nth + 3000, "b"), dependsOn }));
  const batches = planBatches([...sweep, ...second]);
  expect(batches).toHaveLength(6);
  expect(batches.at(-1)?.dependency.ok).toEqual(range(3, (batch) => ({ batch })));
});

test("one to one edges stay so across the pieces of two split arrays", () => {
  const sources = range(25, (nth) => job(nth, "a"));
  const consumers = range(25, (nth) => job(nth + 100, "b", [nth]));
  expect(planBatches([...sources, ...consumers.toReversed()], new Map(), 10).map((batch) => batch.dependency)).toEqual([
    NONE,
    NONE,
    NONE,
    ...[1, 2, 3].map((batch) => after({ corresponding: [batch] })),
  ]);
});

test("a reduction waits for the whole array by its id alone", () => {
  const batches = planBatches([job(1, "a"), job(2, "a"), job(3, "sum", [1, 2])]);
  expect(batches[1]?.dependency).toEqual({ corresponding: [], ok: [{ batch: 1 }], any: [] });
});

test("a reduction of some tasks names them, so that the others may fail", () => {
  const batches = planBatches([job(1, "a"), job(2, "a"), job(3, "a"), job(4, "sum", [1, 3])]);
  expect(batches[0]?.tasks.get(2)?.id).toBe(jobId(3));
  expect(batches[1]?.dependency).toEqual({
    corresponding: [],
    ok: [
      { batch: 1, index: 1 },
      { batch: 1, index: 2 },
    ],
    any: [],
  });
});

test("a soft dependency waits for the end, whatever it is", () => {
  const batches = planBatches([job(1, "a"), job(2, "plot", [1], "soft")]);
  expect(batches[1]?.dependency).toEqual({ corresponding: [], ok: [], any: [{ batch: 1 }] });
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

/** Random graphs: job n may depend on any jobs before it; a sweep of a stage has the shape of another one's. */
const nodes = fc.record({
  stage: fc.constantFrom("a", "b", "c"),
  picks: fc.array(fc.nat(), { maxLength: 3 }),
  isSoft: fc.boolean(),
});
const scattered = fc
  .array(nodes, { maxLength: 30 })
  .map((all) =>
    all.map(({ stage, picks, isSoft }, index) =>
      job(
        index + 1,
        stage,
        index === 0 ? [] : [...new Set(picks.map((pick) => (pick % index) + 1))],
        isSoft ? "soft" : "hard",
      ),
    ),
  );
/** Stages after stages, each of whose jobs takes its inputs from the stages before it at a stride and an offset. */
const sweeps = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 12 }),
      wires: fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.integer({ min: 1, max: 4 })), { maxLength: 3 }),
    }),
    { maxLength: 5 },
  )
  .map((stages) => {
    const jobs: SchedulableJob[] = [];
    const starts: { from: number; size: number }[] = [];
    for (const [level, { size, wires }] of stages.entries()) {
      const from = jobs.length;
      for (let nth = 0; nth < size; nth++) {
        const picks = wires.flatMap(([pick, offset, stride]) => {
          const source = starts[pick % Math.max(1, starts.length)];
          return source === undefined
            ? []
            : [source.from + 1 + ((Math.floor((nth * stride) / 2) + offset) % source.size)];
        });
        jobs.push(job(from + nth + 1, `stage${level}`, [...new Set(picks)]));
      }
      starts.push({ from, size });
    }
    return jobs;
  });
const graphs = fc.oneof(scattered, sweeps);
const limits = fc.integer({ min: 1, max: 12 });

test("every job has one place within the limit, and waits for its own upstream jobs and no others", () => {
  fc.assert(
    fc.property(graphs, limits, (jobs, mostTasks) => {
      const batches = planBatches(jobs, new Map(), mostTasks);
      const tasks = batches.flatMap((batch) => [...batch.tasks].map(([index, task]) => ({ batch, index, task })));
      expect(tasks.map(({ task }) => task.id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      for (const { batch, index, task } of tasks) {
        expect(index).toBeGreaterThanOrEqual(1);
        expect(index).toBeLessThanOrEqual(mostTasks);
        expect(waitedFor(batches, batch, index)).toEqual(
          task.dependsOn.map(({ id, kind }) => `${kind} ${id}`).toSorted(),
        );
      }
    }),
    { numRuns: 1000 },
  );
});

test("a batch depends on earlier batches alone, so they can be submitted in order", () => {
  fc.assert(
    fc.property(graphs, limits, (jobs, mostTasks) => {
      for (const { number, dependency } of planBatches(jobs, new Map(), mostTasks)) {
        const named = [...dependency.ok, ...dependency.any].map((task) => task.batch);
        expect([...dependency.corresponding, ...named].every((other) => other < number)).toBe(true);
      }
    }),
  );
});

test("there are never more batches than jobs", () => {
  fc.assert(
    fc.property(graphs, limits, (jobs, mostTasks) => {
      expect(planBatches(jobs, new Map(), mostTasks).length).toBeLessThanOrEqual(jobs.length);
    }),
  );
});

/** What SLURM would make this task wait for; twice where it is named twice. */
function waitedFor(batches: readonly Batch[], { dependency }: Batch, index: number): string[] {
  const at = (number: number, task?: number): JobId[] =>
    [...(batches[number - 1]?.tasks ?? [])]
      .filter(([key]) => task === undefined || key === task)
      .map(([, value]) => value.id);
  return [
    ...dependency.corresponding.flatMap((batch) => at(batch, index)).map((id) => `hard ${id}`),
    ...dependency.ok.flatMap((task) => at(task.batch, task.index)).map((id) => `hard ${id}`),
    ...dependency.any.flatMap((task) => at(task.batch, task.index)).map((id) => `soft ${id}`),
  ].toSorted();
}
