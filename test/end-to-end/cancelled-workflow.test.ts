import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { World } from "../harness/world.ts";

let world: World;

beforeAll(async () => {
  world = await makeTemporaryWorld("cancelled");
});
afterAll(async () => world[Symbol.asyncDispose]());

test("I-47: a workflow that is cancelled after registering closes its checks, and queues nothing", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const experiment = await world.openExperiment("cancelled");
  // Without its controller sbatch keeps trying: the cancellation comes while the jobs are being handed over.
  let killing: Promise<void> | undefined;
  const cancellation = new AbortController();
  const run = await world.runAction(experiment, {
    signal: cancellation.signal,
    onLine: (line) => {
      if (/^plan .* s {2}/.test(line)) killing = world.cluster.killController();
      if (/^sync .* s {2}/.test(line)) cancellation.abort();
    },
  });
  expect(killing).toBeDefined();
  await killing;
  await world.cluster.startController();
  expect(run.exitCode).toBe(130);
  expect(run.postExitCode).toBe(0);
  expect(run.log).toContain("the submission is taken back, 16 jobs are closed as cancelled");
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2, 30);
  expect(checks.map((check) => check.conclusion)).toEqual(["cancelled", "cancelled"]);
  expect(checks.map((check) => check.output.summary).join()).toContain("the workflow was interrupted");
  expect((await world.cluster.run(["squeue", "-h"])).stdout).toBe("");
});

test("I-47: a workflow that is cancelled between two arrays leaves neither of them in SLURM", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const experiment = await world.openExperiment("half-way");
  // Every job has to wait: what is in the queue when the workflow is cancelled is there until it is taken back.
  for (const node of world.cluster.nodes) await world.cluster.setNodeState(node, "drain");
  const cancellation = new AbortController();
  const run = await world.runAction(experiment, {
    signal: cancellation.signal,
    onLine: (line) => {
      if (/^submit .* %/.test(line)) cancellation.abort();
    },
  });
  for (const node of world.cluster.nodes) await world.cluster.setNodeState(node, "resume");
  expect(run.exitCode).toBe(130);
  expect(run.log).toContain("the submission is taken back");
  expect((await world.cluster.run(["squeue", "-h"])).stdout).toBe("");
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2, 30);
  expect(checks.map((check) => check.conclusion)).toEqual(["cancelled", "cancelled"]);
});
