import { expect, test } from "vitest";
import { readSlurmFacts } from "./slurm-facts.ts";

const config = (...lines: string[]) => readSlurmFacts(new Map([["config", lines]]));
const scheduler = (text: string) => config("MaxArraySize            = 1001", `SchedulerParameters     = ${text}`);

test("the highest index of an array is one less than MaxArraySize", () => {
  expect(config("MaxArraySize            = 1001").mostTasks).toBe(1000);
});

test("a site's limit on the tasks of one array counts where it is lower", () => {
  expect(scheduler("bf_continue,max_array_tasks=200,defer").mostTasks).toBe(200);
  expect(scheduler("max_array_tasks=5000").mostTasks).toBe(1000);
  expect(scheduler("bf_max_array_tasks=2").mostTasks).toBe(1000);
});

test("a target that says nothing has no limits that are known", () => {
  expect(readSlurmFacts(new Map())).toEqual({ picksPartition: false });
  expect(config("MaxArraySize            = 0", "Boot time = now")).toEqual({ picksPartition: false });
});

test("partitions come with their limit of time and their kinds of node", () => {
  const { partitions } = readSlurmFacts(
    new Map([
      [
        "partitions",
        [
          "PartitionName=compute AllowGroups=ALL Default=YES MaxTime=UNLIMITED State=UP TRES=cpu=8,mem=8000M",
          "PartitionName=short Default=NO MaxTime=00:10:00 State=UP",
          "",
        ],
      ],
      ["nodes", ["compute|4|4000", "compute|64|1+", "short|0|0", "odd"]],
    ]),
  );
  expect([...(partitions?.values() ?? [])]).toEqual([
    { name: "compute", isDefault: true, longestMinutes: Infinity, nodes: [{ cpus: 4, memory: 4000 }, { cpus: 64 }] },
    { name: "short", isDefault: false, longestMinutes: 10, nodes: [] },
  ]);
});

test("a node of which the site configures no memory has one that is not known", () => {
  const { partitions } = readSlurmFacts(
    new Map([
      ["partitions", ["PartitionName=a MaxTime=1-00:00:00"]],
      ["nodes", ["a|4|1"]],
    ]),
  );
  expect(partitions?.get("a")?.nodes).toEqual([{ cpus: 4 }]);
});

test("a submit plugin, or a default of the user's own, picks the partition", () => {
  expect(config("JobSubmitPlugins        = lua").picksPartition).toBe(true);
  expect(config("JobSubmitPlugins        = (null)").picksPartition).toBe(false);
  expect(readSlurmFacts(new Map([["environment", ["gpu", ""]]])).picksPartition).toBe(true);
});
