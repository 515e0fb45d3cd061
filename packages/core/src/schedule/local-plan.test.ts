import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import type { JobResources } from "../target/config/resources.ts";
import { planBatches, type SchedulableJob } from "./batches.ts";
import { renderLocalPlan } from "./local-plan.ts";

const job = (
  nth: number,
  stage: string,
  dependsOn: SchedulableJob["dependsOn"] = [],
  resources: Partial<JobResources> = {},
): SchedulableJob => ({
  id: jobId(nth),
  stage,
  executable: `jobs/${jobId(nth)}/bin/main`,
  resources: { sbatchOpts: [], ...resources },
  dependsOn,
});

const hard = (nth: number) => ({ id: jobId(nth), kind: "hard" as const });
const soft = (nth: number) => ({ id: jobId(nth), kind: "soft" as const });

test("each batch is a line: what it occupies, and what it waits for in place of SLURM's dependencies", () => {
  const batches = planBatches([
    job(1, "a", [], { cpusPerTask: 4, mem: "2G", time: "00:10:00" }),
    job(2, "a", [], { cpusPerTask: 4, mem: "2G", time: "00:10:00" }),
    job(3, "b", [hard(1)]),
    job(4, "sum", [hard(1), hard(2)], { mem: "0" }),
    job(5, "one", [hard(2), soft(3), soft(1)]),
    job(6, "each", [hard(1), soft(3)]),
    job(7, "each", [hard(2), soft(3)]),
  ]);
  expect(renderLocalPlan(batches, false).split("\n")).toEqual([
    "continue",
    "1\t4\t2048\t600\t-\t-\t-",
    "2\t1\t1024\t0\t-\t1_1\t-",
    "3\t1\tall\t0\t-\t1\t-",
    "4\t1\t1024\t0\t-\t1_2\t2,1_1",
    "5\t1\t1024\t0\t1\t-\t2",
    "",
  ]);
});

test("a submission that is to end with its first failure says so", () => {
  expect(renderLocalPlan(planBatches([job(1, "a")]), true)).toBe("stop\n1\t1\t1024\t0\t-\t-\t-\n");
});
