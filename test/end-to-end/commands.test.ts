import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { Experiment, World } from "../harness/world.ts";

// What `command` does beside submitting, on a real SLURM, as workflows/ uses it.

let world: World;

beforeAll(async () => {
  world = await makeTemporaryWorld("commands", { sweepSeconds: 2 });
});
afterAll(async () => world[Symbol.asyncDispose]());

/** A study of its own: jobs of other Labs are not those of this one. */
async function openStudy(branch: string): Promise<Experiment> {
  const experiment = await world.openExperiment(branch);
  await experiment.checkout.edit("simulation/percolation.nix", (text) =>
    text.replace(/^( *)awk -v L=/m, `$1: ${branch}\n$1awk -v L=`),
  );
  return experiment;
}

async function setNodes(state: "drain" | "resume"): Promise<void> {
  for (const node of world.cluster.nodes) await world.cluster.setNodeState(node, state);
}

async function countQueue(): Promise<number> {
  const { stdout } = await world.cluster.run(["squeue", "-h", "-r"]);
  return stdout.split("\n").filter((line) => line !== "").length;
}

test("`cancel` takes back the submissions of the pull request that was closed, and no others", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const [closed, other] = [await openStudy("closed"), await openStudy("other")];
  await setNodes("drain");
  const first = await world.runAction(closed);
  const second = await world.runAction(other, { inputs: { runs: "simulation" } });
  expect([first.exitCode, second.exitCode], first.log + second.log).toEqual([0, 0]);
  expect(await countQueue()).toBe(31);
  const event = { name: "pull_request", payload: { ...closed.pullRequest.event, action: "closed" } };
  const cancel = await world.runAction(closed, { inputs: { command: "cancel", coordinator: "" }, event });
  expect(cancel.exitCode, cancel.log).toBe(0);
  expect(cancel.outputs).toMatchObject({ submissions: first.outputs["submission"], cancelled: "16" });
  expect(cancel.log).toContain(`${first.outputs["submission"]}: 16 jobs cancelled`);
  expect(cancel.summary).toContain(`Cancelled 1 submissions of pull request ${closed.pullRequest.number}`);
  expect(await countQueue()).toBe(15);
  const dispatch = { name: "workflow_dispatch", payload: { inputs: {} } };
  const untold = await world.runAction(other, { inputs: { command: "cancel" }, event: dispatch });
  expect(untold.annotations.map(({ title }) => title)).toEqual(["INPUT_MISSING"]);
  const number = String(other.pullRequest.number);
  const inputs = { command: "cancel", "pull-request": number };
  const named = await world.runAction(other, { inputs, event: dispatch });
  expect(named.outputs, named.log).toMatchObject({ cancelled: "15" });
  expect(await countQueue()).toBe(0);
  await setNodes("resume");
  const checks = await world.waitForChecks(closed.pullRequest.headSha, 2, 60);
  expect(checks.map(({ conclusion }) => conclusion)).not.toContain("success");
});

async function killRelay(id: string): Promise<void> {
  const file = join(world.basePath, "submissions", id, "relay.pid");
  const pid = Number((await readFile(file, "utf8")).split(" ")[0]);
  process.kill(pid, "SIGKILL");
}

test("`reconcile` starts a killed relay again, and what it had not told arrives; again it does no harm", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const experiment = await openStudy("reconciled");
  await setNodes("drain");
  const run = await world.runAction(experiment);
  const id = run.outputs["submission"] ?? "";
  await waitUntil({ what: "a relay", timeoutSeconds: 20, intervalMs: 200 }, async () =>
    readFile(join(world.basePath, "submissions", id, "relay.pid"), "utf8").catch(() => undefined),
  );
  await killRelay(id);
  await setNodes("resume");
  await waitUntil({ what: "an empty queue", timeoutSeconds: 100, intervalMs: 500 }, async () =>
    (await countQueue()) === 0 ? true : undefined,
  );
  const silent = await world.github.readCheckRuns(experiment.pullRequest.headSha);
  expect(silent.map(({ status }) => status)).not.toContain("completed");
  const reconcile = { inputs: { command: "reconcile", coordinator: "" } };
  const first = await world.runAction(experiment, reconcile);
  expect(first.exitCode, first.log).toBe(0);
  expect(first.outputs["submissions"]?.split(" ")).toContain(id);
  expect(first.log).toMatch(new RegExp(`${id}: \\d+ of 16 jobs ended`));
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2, 60);
  expect(checks.map(({ conclusion }) => conclusion)).toEqual(["success", "success"]);
  await waitUntil({ what: "the relay's end", timeoutSeconds: 30, intervalMs: 500 }, async () => {
    const again = await world.runAction(experiment, reconcile);
    expect(again.exitCode, again.log).toBe(0);
    return again.outputs["submissions"]?.split(" ").includes(id) === true ? undefined : true;
  });
  const named = await world.runAction(experiment, { inputs: { command: "reconcile", submission: `${id} s0nowhere` } });
  expect(named.annotations.map(({ title }) => title)).toEqual(["SUBMISSION_UNKNOWN"]);
});

test("`pull` brings what the jobs left, with their records, into a folder to upload", async () => {
  const experiment = await openStudy("reconciled-again");
  const inputs = { command: "pull", coordinator: "", lab: ".", to: "results", match: "metrics.json *.tsv" };
  await world.runAction(experiment, { inputs: { coordinator: "", wait: "true" } });
  const pull = await world.runAction(experiment, { inputs });
  expect(pull.exitCode, pull.log).toBe(0);
  const folder = pull.outputs["folder"] ?? "";
  expect(folder).toBe(join(experiment.checkout.folder, "results"));
  const jobs = await readdir(join(folder, "outputs"));
  const analysis = jobs.find((job) => job.endsWith("-threshold-1.0")) ?? "";
  expect(jobs).toHaveLength(16);
  const metrics = await readFile(join(folder, "outputs", analysis, "out/metrics.json"), "utf8");
  expect(metrics).toContain("percolation_threshold");
  expect(await readdir(join(folder, "outputs", analysis, "repx"))).toContain("result.json");
  expect(Number(pull.outputs["files"])).toBeGreaterThan(16);
});

test("`gc` removes what no Lab needs and says how much, and needs no Lab", async () => {
  const experiment = await openStudy("collected");
  await world.user.run(["mkdir", "-p", join(world.basePath, "artifacts/store", `${"0".repeat(32)}-orphan/bin`)]);
  const gc = await world.runAction(experiment, { inputs: { command: "gc", lab: "nowhere", coordinator: "" } });
  expect(gc.exitCode, gc.log).toBe(0);
  expect(gc.log).toMatch(/freed .* on cluster/);
  expect(gc.summary).toContain("store paths");
  expect(Number(gc.outputs["freed-bytes"])).toBeGreaterThanOrEqual(0);
  expect(await readdir(join(world.basePath, "artifacts/store"))).not.toContain(`${"0".repeat(32)}-orphan`);
});
