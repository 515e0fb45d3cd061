import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { SubmissionId } from "../model/ids.ts";
import type { Batch } from "./batches.ts";
import { renderBatchScript, renderIndexes, renderSbatchArguments } from "./sbatch-command.ts";

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
  dependency: { kind: "after", ok: [{ batch: 1 }], any: [{ batch: 3, index: 4 }] },
};

test("a batch becomes one sbatch call with its array, resources and dependencies", () => {
  const slurmIds = new Map([
    [1, "100"],
    [3, "102"],
  ]);
  expect(renderSbatchArguments(batch, place, slurmIds)).toEqual([
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
    "--dependency=afterok:100,afterany:102_4",
    "--kill-on-invalid-dep=yes",
  ]);
});

test("a batch that waits task by task names the other array", () => {
  const corresponding: Batch = { ...batch, dependency: { kind: "aftercorr", batch: 1 } };
  expect(renderSbatchArguments(corresponding, place, new Map([[1, "100"]]))).toContain("--dependency=aftercorr:100");
});

test("the batch script quotes every value", () => {
  expect(renderBatchScript(batch, place)).toBe(
    "#!/bin/sh\nexec '/scratch/o'\\''brien/repx work/bin/abc/repx-job' '/scratch/o'\\''brien/repx work' 's0123456789abcdefghijklmno' '2'\n",
  );
});

test("array indexes are written as ranges", () => {
  expect(renderIndexes([5, 1, 2, 3, 9, 8])).toBe("1-3,5,8-9");
});
