import fc from "fast-check";
import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { planBatches, type Batch, type SchedulableJob } from "./batches.ts";
import { spreadParts } from "./spread-parts.ts";

const job = (nth: number, stage: string, dependsOn: readonly number[] = [], hasParts = false): SchedulableJob => ({
  id: jobId(nth, `${stage}-1.0`),
  stage,
  executable: "x",
  resources: { sbatchOpts: [] },
  dependsOn: dependsOn.map((upstream) => ({ id: jobId(upstream), kind: "hard" })),
  ...(hasParts ? { items: { mem: "1G", sbatchOpts: [] } } : {}),
});
const nameAfter = (jobs: readonly SchedulableJob[]): SchedulableJob[] =>
  jobs.map((one, index) => ({
    ...one,
    id: jobId(index + 1),
    dependsOn: one.dependsOn.map(({ id, kind }) => ({ id: jobId(Number(id.slice(0, 32))), kind })),
  }));

test("a stage with parts becomes two arrays: the scatters, then the gathers, which others wait for", () => {
  const jobs = nameAfter([
    job(1, "a"),
    job(2, "a"),
    job(3, "sum", [1], true),
    job(4, "sum", [2], true),
    job(5, "b", [3]),
  ]);
  const batches = spreadParts(planBatches(jobs));
  expect(
    batches.map(({ number, stage, scatters, dependency }) => ({ number, stage, scatters, ...dependency })),
  ).toEqual([
    { number: 1, stage: "a", scatters: undefined, corresponding: [], ok: [], any: [] },
    { number: 2, stage: "sum", scatters: 3, corresponding: [1], ok: [], any: [] },
    { number: 3, stage: "sum", scatters: undefined, corresponding: [1], ok: [], any: [{ batch: 2 }] },
    { number: 4, stage: "b", scatters: undefined, corresponding: [], ok: [{ batch: 3, index: 1 }], any: [] },
  ]);
  expect([...(batches[1]?.tasks.keys() ?? [])]).toEqual([...(batches[2]?.tasks.keys() ?? [])]);
});

test("a job with parts shares no array with one that has none", () => {
  expect(spreadParts(planBatches(nameAfter([job(1, "a"), job(2, "a", [], true)])))).toHaveLength(3);
});

test("arrays of other submissions keep their names", () => {
  const [batch] = planBatches([job(1, "a", [], true)]);
  const dependency = { corresponding: [-1], ok: [{ batch: -2, index: 3 }], any: [] };
  const spread = spreadParts(batch === undefined ? [] : [{ ...batch, dependency }]);
  expect(spread.map(({ dependency: { corresponding, ok } }) => ({ corresponding, ok }))).toEqual([
    { corresponding: [-1], ok: [{ batch: -2, index: 3 }] },
    { corresponding: [-1], ok: [{ batch: -2, index: 3 }] },
  ]);
});

const graphs = fc
  .array(
    fc.record({
      stage: fc.constantFrom("a", "b", "c"),
      picks: fc.array(fc.nat(), { maxLength: 3 }),
      hasParts: fc.boolean(),
    }),
    { maxLength: 25 },
  )
  .map((all) =>
    nameAfter(
      all.map(({ stage, picks, hasParts }, index) =>
        job(index + 1, stage, index === 0 ? [] : [...new Set(picks.map((pick) => (pick % index) + 1))], hasParts),
      ),
    ),
  );

test("every job is a task once, which waits for its own upstream jobs and its scatter, and for no other scatter", () => {
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 8 }), (jobs, mostTasks) => {
      const batches = spreadParts(planBatches(jobs, new Map(), mostTasks));
      expect(batches.map(({ number }) => number)).toEqual(batches.map((_, index) => index + 1));
      const own = batches.filter(({ scatters }) => scatters === undefined);
      expect(own.flatMap(({ tasks }) => [...tasks.values()].map(({ id }) => id)).toSorted()).toEqual(
        jobs.map(({ id }) => id).toSorted(),
      );
      for (const batch of batches) {
        for (const [index, task] of batch.tasks) {
          const awaited = task.dependsOn.map(({ id }) => id as string);
          const isGather = batch.scatters === undefined && task.items !== undefined;
          expect(listAwaited(batches, batch, index)).toEqual(
            [...awaited, ...(isGather ? [`scatter ${task.id}`] : [])].toSorted(),
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});

/** Jobs whose success a task waits for, and `scatter <job>`; of a whole array of scatters its own is the one that counts. */
function listAwaited(batches: readonly Batch[], { dependency }: Batch, index: number): string[] {
  const { corresponding, ok, any } = dependency;
  const own = [...corresponding.map((batch) => ({ batch, index })), ...ok].flatMap(({ batch, index: at }) => {
    const { tasks, scatters } = batches[batch - 1] ?? { tasks: new Map<number, SchedulableJob>() };
    const found = [...tasks].filter(([key]) => at === undefined || key === at);
    return found.map(([, { id }]) => (scatters === undefined ? id : `scatter ${id}`));
  });
  const scatters = any.flatMap(({ batch }) => `scatter ${batches[batch - 1]?.tasks.get(index)?.id}`);
  return [...own, ...scatters].toSorted();
}
