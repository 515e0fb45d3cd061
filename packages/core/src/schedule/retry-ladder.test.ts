import fc from "fast-check";
import { expect, test } from "vitest";
import type { JobResources } from "../target/config/resources.ts";
import { climbLadder, findRetryFaults, planRetries, renderRetryLadder } from "./retry-ladder.ts";
import type { SlurmFacts } from "./slurm-facts.ts";

const GIB = 1024;
const FACTS: SlurmFacts = {
  picksPartition: false,
  partitions: new Map([
    [
      "mixed",
      {
        name: "mixed",
        isDefault: true,
        longestMinutes: 100,
        nodes: [
          { cpus: 4, memory: 8 * GIB },
          { cpus: 2, memory: 90 * GIB },
        ],
      },
    ],
    ["unknown", { name: "unknown", isDefault: false, nodes: [] }],
  ]),
};
const BOTH = { count: 3, mem_factor: 2, time_factor: 1.5 };
const plan = (resources: Partial<JobResources>, facts?: SlurmFacts) =>
  planRetries({ sbatchOpts: [], ...resources }, facts);

test.each<[string, Partial<JobResources>, SlurmFacts | undefined, object | undefined]>([
  ["nothing where there is no policy", { mem: "1G" }, FACTS, undefined],
  ["nothing for an empty policy", { mem: "1G", retry: {} }, FACTS, undefined],
  [
    "both ladders, and three requeues where the policy does not say",
    { mem: "1G", time: "10", retry: BOTH },
    undefined,
    { count: 3, memory: [2, 4, 8].map((size) => size * GIB), minutes: [15, 23, 35], infrastructure: 3 },
  ],
  [
    "no more than the caps, which are the last rung",
    { mem: "1G", time: "10", retry: { ...BOTH, max_mem: "3G", max_time: "20", infrastructure: 0 } },
    undefined,
    { count: 3, memory: [2 * GIB, 3 * GIB], minutes: [15, 20], infrastructure: 0 },
  ],
  [
    "no more than the partition's largest node and its longest time",
    { mem: "5G", time: "90", retry: { ...BOTH, max_mem: "500G" } },
    FACTS,
    { count: 3, memory: [10, 20, 40].map((size) => size * GIB), minutes: [100], infrastructure: 3 },
  ],
  [
    "no more than the nodes have that have its cores",
    { mem: "5G", cpusPerTask: 4, time: "90", retry: BOTH },
    FACTS,
    { count: 3, memory: [8 * GIB], minutes: [100], infrastructure: 3 },
  ],
  [
    "what is asked for where the partition does not tell what it has",
    { partition: "unknown", mem: "5G", time: "1-0", retry: { ...BOTH, count: 1 } },
    FACTS,
    { count: 1, memory: [10 * GIB], minutes: [2160], infrastructure: 3 },
  ],
  [
    "a time over the partition's where a QOS may allow it",
    { mem: "5G", time: "90", sbatchOpts: ["--qos=long"], retry: { ...BOTH, count: 1 } },
    FACTS,
    { count: 1, memory: [10 * GIB], minutes: [135], infrastructure: 3 },
  ],
  [
    "the options of sbatch before the keys",
    { mem: "5G", time: "90", sbatchOpts: ["--mem=1G", "-t10"], retry: { ...BOTH, count: 1 } },
    FACTS,
    { count: 1, memory: [2 * GIB], minutes: [15], infrastructure: 3 },
  ],
  [
    "nothing more than all memory of a node and no limit of time",
    { mem: "0", time: "UNLIMITED", retry: BOTH },
    undefined,
    { count: 3, memory: [], minutes: [], infrastructure: 3 },
  ],
  ["requeues alone", { retry: { infrastructure: 2 } }, FACTS, { count: 0, memory: [], minutes: [], infrastructure: 2 }],
])("plans %s", (_, resources, facts, ladder) => {
  expect(plan(resources, facts)).toEqual(ladder);
});

const CLIMB = fc.record({
  from: fc.integer({ min: 1, max: 1_000_000 }),
  factor: fc.double({ min: 1, max: 16, minExcluded: true, noNaN: true }),
  cap: fc.oneof(fc.integer({ min: 1, max: 10_000_000 }), fc.constant(Infinity)),
  count: fc.integer({ min: 0, max: 10 }),
});

test("each rung is above the one before it, none is above the cap, and there are at most as many as retries", () => {
  fc.assert(
    fc.property(CLIMB, (climb) => {
      const rungs = climbLadder(climb);
      expect(rungs.length).toBeLessThanOrEqual(climb.count);
      for (const [index, rung] of rungs.entries()) {
        const before = rungs[index - 1] ?? climb.from;
        expect(rung).toBeGreaterThan(before);
        expect(rung).toBeLessThanOrEqual(climb.cap);
        expect([climb.cap, Number.MAX_SAFE_INTEGER].includes(rung) || rung === Math.ceil(before * climb.factor)).toBe(
          true,
        );
      }
    }),
  );
});

test("a ladder is shorter than its retries only where the cap is reached", () => {
  fc.assert(
    fc.property(CLIMB, (climb) => {
      const rungs = climbLadder(climb);
      const isAtCap = (rungs.at(-1) ?? climb.from) >= Math.min(climb.cap, Number.MAX_SAFE_INTEGER);
      expect(rungs.length === climb.count || isAtCap).toBe(true);
    }),
  );
});

test("more retries only lengthen a ladder", () => {
  fc.assert(
    fc.property(CLIMB, (climb) => {
      expect(climbLadder({ ...climb, count: climb.count + 1 }).slice(0, climb.count)).toEqual(climbLadder(climb));
    }),
  );
});

test.each<[string, Partial<JobResources>]>([
  ["max_mem 64GX is no size", { mem: "1G", retry: { count: 1, mem_factor: 2, max_mem: "64GX" } }],
  ["max_time soon is no time", { time: "1", retry: { count: 1, time_factor: 2, max_time: "soon" } }],
  ["there is no mem that mem_factor", { retry: { count: 1, mem_factor: 2 } }],
  ["there is no time that time_factor", { retry: { count: 1, time_factor: 2 } }],
  [
    "--signal in sbatch_opts takes",
    { time: "1", sbatchOpts: ["--signal=B:TERM@9"], retry: { count: 1, time_factor: 2 } },
  ],
  [
    "--no-requeue in sbatch_opts forbids",
    { mem: "1", sbatchOpts: ["--no-requeue"], retry: { count: 1, mem_factor: 2 } },
  ],
])("finds that %s", (words, resources) => {
  expect(findRetryFaults({ sbatchOpts: [], ...resources })).toEqual([expect.stringContaining(words)]);
});

test("finds no fault in a policy that can be kept", () => {
  const sbatchOpts = ["--signal=B:TERM@9", "--mem=1G"];
  expect(findRetryFaults({ sbatchOpts, retry: { count: 1, mem_factor: 2, max_mem: "1G" } })).toEqual([]);
});

test("renders what the job wrapper reads", () => {
  expect(renderRetryLadder({ count: 2, memory: [80, 160], minutes: [3], infrastructure: 0 })).toBe(
    "count 2\nmem 80 160\ntime 3\ninfrastructure 0\n",
  );
  expect(renderRetryLadder({ count: 2, memory: [], minutes: [] })).toBe("count 2\n");
});
