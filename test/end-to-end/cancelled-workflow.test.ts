import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { ActionRun } from "../harness/action-runner.ts";
import type { Experiment, World } from "../harness/world.ts";

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

/** Makes every job wait in the queue while something is done, so that what is there then is there for certain. */
async function withoutNodes<Value>(act: () => Promise<Value>): Promise<Value> {
  for (const node of world.cluster.nodes) await world.cluster.setNodeState(node, "drain");
  try {
    return await act();
  } finally {
    for (const node of world.cluster.nodes) await world.cluster.setNodeState(node, "resume");
  }
}

async function countQueue(): Promise<number> {
  const { stdout } = await world.cluster.run(["squeue", "-h", "-r"]);
  return stdout.split("\n").filter((line) => line !== "").length;
}

/** Runs the Action without a coordinator and cancels the workflow while it waits for the jobs. */
async function cancelWhileWaiting(
  experiment: Experiment,
  inputs: Readonly<Record<string, string>>,
): Promise<ActionRun> {
  const cancellation = new AbortController();
  return world.runAction(experiment, {
    inputs: { coordinator: "", wait: "true", ...inputs },
    token: await world.github.createInstallationToken({ checks: "write", pull_requests: "write", contents: "read" }),
    signal: cancellation.signal,
    onLine: (line) => {
      if (/^jobs .* %/.test(line)) cancellation.abort();
    },
  });
}

test("I-47: a workflow that is cancelled while it waits takes its jobs back, and its checks are cancelled", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const experiment = await world.openExperiment("waiting");
  await withoutNodes(async () => {
    const run = await cancelWhileWaiting(experiment, {});
    expect(run.exitCode, run.log).toBe(130);
    expect(run.postExitCode, run.log).toBe(0);
    expect(run.log).toContain("the workflow was cancelled, 16 jobs are cancelled (on-cancel: cancel)");
    expect(await countQueue()).toBe(0);
  });
  const checks = await world.github.readCheckRuns(experiment.pullRequest.headSha);
  expect(checks.map(({ status, conclusion }) => ({ status, conclusion }))).toEqual(
    [1, 2].map(() => ({ status: "completed", conclusion: "cancelled" })),
  );
});

test("I-47: with `on-cancel: keep` the jobs of a cancelled workflow stay, visibly, until they are cancelled by id", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const experiment = await world.openExperiment("kept");
  await withoutNodes(async () => {
    const run = await cancelWhileWaiting(experiment, { "on-cancel": "keep" });
    expect(run.postExitCode, run.log).toBe(0);
    expect(await countQueue()).toBe(16);
    const id = run.state["submission"] ?? "";
    expect(run.annotations.map(({ level, title }) => ({ level, title }))).toEqual([
      { level: "warning", title: `The jobs of submission ${id} run on` },
    ]);
    expect(run.summary).toContain(`take them back with \`repx cancel ${id} --target cluster\``);
    const checks = await world.github.readCheckRuns(experiment.pullRequest.headSha);
    expect(checks.map(({ output }) => output.title)).toEqual(
      [1, 2].map(() => "not followed any more: the workflow was cancelled"),
    );
    const cancel = await world.runAction(experiment, { inputs: { command: "cancel", submission: id } });
    expect(cancel.outputs, cancel.log).toMatchObject({ submissions: id, cancelled: "16" });
    expect(await countQueue()).toBe(0);
  });
});

test.each([
  ["cancel", 0],
  ["keep", 16],
] as const)(
  "I-47: a workflow that is cancelled after it submitted leaves, with `on-cancel: %s`, %d jobs",
  async (policy, left) => {
    onTestFailed(async () => console.log(await world.readLogs()));
    const experiment = await world.openExperiment(`after-${policy}`);
    await withoutNodes(async () => {
      const run = await world.runAction(experiment, { inputs: { "on-cancel": policy }, jobStatus: "cancelled" });
      expect([run.exitCode, run.postExitCode], run.log).toEqual([0, 0]);
      expect(await countQueue()).toBe(left);
      await world.runAction(experiment, { inputs: { command: "cancel" } });
    });
    const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2, 60);
    expect(checks.map(({ conclusion }) => conclusion)).not.toContain("success");
  },
);
