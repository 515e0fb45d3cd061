import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { Experiment, World } from "../harness/world.ts";

// The Action with a target whose scheduler is `local`, over SSH.

let world: World;
let experiment: Experiment;

beforeAll(async () => {
  world = await makeTemporaryWorld("local-scheduler");
  experiment = await world.openExperiment("local-scheduler");
  await writeFile(
    join(experiment.checkout.folder, "machine.toml"),
    [
      "[targets.machine]",
      `address = "${world.user.name}@${world.ssh.host}"`,
      `port = ${world.ssh.port}`,
      `base_path = "${world.basePath}"`,
      'default_scheduler = "local"',
      "local = { local_concurrency = 2 }",
      "",
    ].join("\n"),
  );
});
afterAll(async () => world[Symbol.asyncDispose]());

const inputs = { config: "machine.toml", target: "machine" };

test("jobs that no machine of this size could run are refused before anybody is told of them", async () => {
  await writeFile(
    join(experiment.checkout.folder, "large.toml"),
    '[[rules]]\njob_id_glob = "*-percolation-*"\nmem = "900T"\n',
  );
  const run = await world.runAction(experiment, { inputs: { ...inputs, resources: "large.toml" } });
  expect(
    run.annotations.map(({ title }) => title),
    run.log,
  ).toEqual(["LOCAL_REJECTED"]);
  expect(run.annotations[0]?.message).toMatch(/15 jobs ask .* \(943718400 MiB\)/);
  expect(run.exitCode).toBe(4);
  expect(await world.github.readCheckRuns(experiment.pullRequest.headSha)).toEqual([]);
});

test("a whole experiment runs without SLURM, and its checks conclude when the workflow is long over", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const run = await world.runAction(experiment, { inputs });
  expect(run.exitCode, run.log).toBe(0);
  expect(run.log).toMatch(/16 jobs in 2 arrays: agent 1, 2/);
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2);
  expect(checks.map((check) => check.conclusion)).toEqual(["success", "success"]);
  expect((await world.cluster.run(["squeue", "-h", "-t", "all"])).stdout).toBe("");
});
