import { expect, test } from "vitest";
import type { JobResources } from "../target/config/resources.ts";
import { checkResources, findProblems } from "./check-resources.ts";
import type { Partition, SlurmFacts } from "./slurm-facts.ts";

const partition = (fields: Partial<Partition> & Pick<Partition, "name">): [string, Partition] => [
  fields.name,
  { isDefault: false, longestMinutes: Infinity, nodes: [{ cpus: 4, memory: 4000 }], ...fields },
];
const FACTS: SlurmFacts = {
  picksPartition: false,
  partitions: new Map([
    partition({ name: "compute", isDefault: true }),
    partition({ name: "short", longestMinutes: 10 }),
    partition({
      name: "mixed",
      nodes: [
        { cpus: 64, memory: 1000 },
        { cpus: 2, memory: 90_000 },
      ],
    }),
    partition({ name: "cloud", nodes: [] }),
  ]),
};
const ask = (resources: Partial<JobResources>, facts = FACTS) =>
  findProblems([{ stage: "sweep-1.0", resources: { sbatchOpts: [], ...resources } }], facts);

test.each<[string, Partial<JobResources>]>([
  ["there is no partition shrot; did you mean short?", { partition: "shrot" }],
  ["there is no partition elsewhere", { partition: "elsewhere" }],
  ["time 00:11:00 is over the limit of partition short, 00:10:00", { partition: "short", time: "10:01" }],
  ["time UNLIMITED is over the limit of partition short, 00:10:00", { partition: "short", time: "0" }],
  ["mem 4G is over every node of partition compute, the largest has 4000M", { mem: "4G" }],
  ["5 cpus are over every node of partition compute, the largest has 4", { cpusPerTask: 5 }],
  ["no node of partition mixed has both 8 cpus and 2G", { partition: "mixed", cpusPerTask: 8, mem: "2G" }],
  ["time 1h is no time that SLURM understands; write minutes, HH:MM:SS or D-HH:MM:SS", { time: "1h" }],
  ["mem 1.5G is no size that SLURM understands; write a whole number with K, M, G or T", { mem: "1.5G" }],
  [
    "there is no mem that mem_factor of its retry could multiply; say what the first attempt gets",
    { retry: { count: 1, mem_factor: 2 } },
  ],
  ["there is no partition gpu", { partition: "compute", sbatchOpts: ["--partition=gpu"] }],
  ["there is no partition gpu", { sbatchOpts: ["-pgpu"] }],
  ["9 cpus are over every node of partition compute, the largest has 4", { sbatchOpts: ["-c9"] }],
])("%s", (problem, resources) => {
  expect(ask(resources)).toEqual([`sweep-1.0 (1 job): ${problem}`]);
});

test.each<[string, Partial<JobResources>]>([
  ["what fits", { partition: "short", time: "00:10:00", mem: "4000M", cpusPerTask: 4 }],
  ["all memory of a node", { mem: "0" }],
  ["several partitions of which one fits", { partition: "short,compute", time: "1-0" }],
  ["a QOS, which may lift the limit of time", { partition: "short", time: "1-0", sbatchOpts: ["--qos=long"] }],
  ["another cluster", { partition: "unknown", sbatchOpts: ["--clusters=other"] }],
  ["an option that is shortened", { partition: "unknown", sbatchOpts: ["--part=compute"] }],
  ["a later option that fits", { mem: "90G", sbatchOpts: ["--mem=1G"] }],
  ["a partition whose nodes are not known", { partition: "cloud", mem: "1T", cpusPerTask: 900 }],
])("refuses nothing for %s", (_, resources) => {
  expect(ask(resources)).toEqual([]);
});

test("where the target does not tell, only what no SLURM understands is refused", () => {
  const silent = { picksPartition: false };
  expect(ask({ partition: "nowhere", mem: "900T", time: "99-0" }, silent)).toEqual([]);
  expect(ask({ time: "soon" }, silent)).toHaveLength(1);
});

test("a job without a partition is compared with the default one, and with all where something else picks it", () => {
  expect(ask({ cpusPerTask: 64 })).toHaveLength(1);
  expect(ask({ cpusPerTask: 64 }, { ...FACTS, picksPartition: true })).toEqual([]);
});

test("all problems of all jobs are in one message, by stage", () => {
  const jobs = [
    ...Array.from({ length: 3 }, (_, index) => ({
      stage: "sweep-1.0",
      resources: { partition: "shrot", mem: `${index + 1}G`, sbatchOpts: [] },
    })),
    { stage: "sum-1.0", resources: { partition: "short", time: "1:00:00", cpusPerTask: 8, sbatchOpts: [] } },
    { stage: "plot-1.0", resources: { sbatchOpts: [] } },
  ];
  expect(() => checkResources(jobs, FACTS, "cluster")).toThrow(
    expect.objectContaining({
      code: "SLURM_UNSATISFIABLE",
      message: [
        "cluster cannot run what is asked of it:",
        "  sweep-1.0 (3 jobs): there is no partition shrot; did you mean short?",
        "  sum-1.0 (1 job): time 01:00:00 is over the limit of partition short, 00:10:00",
        "  sum-1.0 (1 job): 8 cpus are over every node of partition short, the largest has 4",
      ].join("\n"),
    }),
  );
});
