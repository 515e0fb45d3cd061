import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { SubmissionId } from "../model/ids.ts";
import type { Batch } from "./batches.ts";
import {
  renderBatchScript,
  renderIndexes,
  renderItemsArguments,
  renderItemsScript,
  renderSbatchArguments,
} from "./sbatch-command.ts";

const place = {
  id: SubmissionId.parse("s0123456789abcdefghijklmno"),
  basePath: "/scratch/o'brien/repx work",
  programs: "/scratch/o'brien/repx work/bin/abc",
};

const task = { id: jobId(1), stage: "threshold-1.0", executable: "x", resources: { sbatchOpts: [] }, dependsOn: [] };

const batch: Batch = {
  number: 2,
  stage: "threshold 1.0\nJobState=COMPLETED",
  resources: { partition: "standard", cpusPerTask: 2, mem: "4G", time: "01:00:00", sbatchOpts: ["--gres=gpu:1"] },
  tasks: new Map([1, 2, 3, 7].map((index) => [index, task])),
  dependency: { corresponding: [4, 5], ok: [{ batch: 1 }], any: [{ batch: 3, index: 4 }] },
};

test.each([
  ["neither where there is no policy", undefined, []],
  ["requeues for a policy that may need them", { count: 0, infrastructure: 1 }, ["--requeue"]],
  ["requeues for retries alone", { count: 1, infrastructure: 0 }, ["--requeue"]],
  ["no requeue where the policy allows none", { count: 0, infrastructure: 0 }, ["--no-requeue"]],
  ["a warning where more time may follow", { count: 1, minutes: [2] }, ["--requeue", "--signal=B:USR1@60"]],
])("asks SLURM for %s, before the options of others", (_, policy, options) => {
  const ladder = policy === undefined ? undefined : { memory: [], minutes: [], ...policy };
  const argv = renderSbatchArguments(batch, place, new Map(), ladder);
  expect(argv.slice(argv.indexOf("--time=01:00:00") + 1, argv.indexOf("--gres=gpu:1"))).toEqual(options);
});

test("a batch becomes one sbatch call with its array, resources and dependencies", () => {
  expect(renderSbatchArguments(batch, place)).toEqual([
    "--parsable",
    "--job-name=threshold_1.0_JobState_COMPLETED",
    "--output=/dev/null",
    "--error=/dev/null",
    "--partition=standard",
    "--cpus-per-task=2",
    "--mem=4G",
    "--time=01:00:00",
    "--gres=gpu:1",
    "--comment=repx:s0123456789abcdefghijklmno:2",
    "--chdir=/scratch/o'brien/repx work/submissions/s0123456789abcdefghijklmno",
    "--array=1-3,7",
    "--dependency=aftercorr:@4:@5,afterok:@1,afterany:@3_4",
    "--kill-on-invalid-dep=yes",
  ]);
});

test("a batch that waits for nothing has no dependency", () => {
  const free: Batch = { ...batch, dependency: { corresponding: [], ok: [], any: [] } };
  expect(renderSbatchArguments(free, place).join(" ")).not.toMatch(/dep/);
});

test("a throttle bounds how many tasks of an array run at once", () => {
  expect(renderSbatchArguments(batch, { ...place, arrayThrottle: 50 })).toContain("--array=1-3,7%50");
});

test("I-39: the batch script quotes every value", () => {
  expect(renderBatchScript(batch, place)).toBe(
    "#!/bin/sh\nexec '/scratch/o'\\''brien/repx work/bin/abc/repx-job' '/scratch/o'\\''brien/repx work' 's0123456789abcdefghijklmno' '2'\n",
  );
});

test("the array of scatters says so by its name, and runs them for the batch of their jobs", () => {
  const scatter: Batch = { ...batch, scatters: 3 };
  expect(renderSbatchArguments(scatter, place)).toContain("--job-name=threshold_1.0_JobState_COMPLETED-scatter");
  expect(renderBatchScript(scatter, { ...place, basePath: "/b", programs: "/b/bin/abc" })).toBe(
    "#!/bin/sh\nexec '/b/bin/abc/repx-part' '/b' 's0123456789abcdefghijklmno' '3' 'scatter'\n",
  );
});

test("work items have arguments of their own, in which how many an array may have stands for their indexes", () => {
  const limited = { ...place, arrayThrottle: 5, mostTasks: 200 };
  expect(renderItemsArguments("sum 1", { mem: "1G", sbatchOpts: ["--nice"] }, limited)).toEqual([
    "--parsable",
    "--job-name=sum_1-items",
    "--output=/dev/null",
    "--error=/dev/null",
    "--mem=1G",
    "--nice",
    "--array=@200%5",
  ]);
  expect(renderItemsArguments("sum", { sbatchOpts: [] }, place).at(-1)).toBe("--array=@1000");
  expect(renderItemsScript(4, place)).toBe(
    `#!/bin/sh\nexec '/scratch/o'\\''brien/repx work/bin/abc/repx-part' '/scratch/o'\\''brien/repx work' 's0123456789abcdefghijklmno' '4' 'items' "$@"\n`,
  );
});

test("array indexes are written as ranges", () => {
  expect(renderIndexes([5, 1, 2, 3, 9, 8])).toBe("1-3,5,8-9");
});
