import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { endProcessesOf } from "../harness/cluster-user.ts";
import { runCommand } from "../harness/command.ts";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { Experiment, World } from "../harness/world.ts";

let world: World;
let experiment: Experiment;

beforeAll(async () => {
  world = await makeTemporaryWorld("local");
  experiment = await world.openExperiment("local");
});
afterAll(async () => {
  // On a target that is this machine the jobs and the relay are root's, like the tests.
  await endProcessesOf(world.cluster.conf, [0]);
  await world[Symbol.asyncDispose]();
});

/** A stage that writes its environment down before it does its work. */
function tellEnvironment(text: string): string {
  const told = text.replace(/^( *)awk -v L=/m, '$1env > "$out/environment"\n$1awk -v L=');
  if (told === text) throw new Error("the stage does not look as this test expects");
  return told;
}

test("on a runner at the login node, without SSH and below an odd path, the relay outlives the workflow and the checks conclude", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const basePath = join(world.basePath, "Ada's data");
  await mkdir(basePath);
  await writeFile(
    join(experiment.checkout.folder, "local.toml"),
    `[targets.here]\nbase_path = "${basePath}"\ndefault_scheduler = "slurm"\n`,
  );
  await experiment.checkout.edit("simulation/percolation.nix", tellEnvironment);
  const run = await world.runAction(experiment, {
    inputs: { config: "local.toml", target: "here", "ssh-key": "", "known-hosts": "" },
    environment: { ...world.cluster.environment, GITHUB_TOKEN: "ghs_not-for-jobs" },
  });
  expect(run.exitCode, run.log).toBe(0);
  expect(run.orphans).toEqual([]);
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2);
  expect(checks.map((check) => check.conclusion)).toEqual(["success", "success"]);

  const jobs = (await readdir(join(basePath, "outputs"))).filter((name) => name.includes("-percolation-"));
  expect(jobs).toHaveLength(15);
  for (const job of jobs) {
    const environment = await readFile(join(basePath, "outputs", job, "out/environment"), "utf8");
    expect(environment).not.toMatch(/ghs_not-for-jobs|^(GITHUB|RUNNER|ACTIONS|INPUT)_/m);
  }

  const [programs = ""] = await readdir(join(basePath, "bin"));
  const argv = [join(basePath, "bin", programs, "repx-gc"), basePath, "look", "auto", "14"];
  const { stdout } = await runCommand(argv, { environment: world.cluster.environment });
  expect(stdout).toMatch(/^root\tauto\t[\w-]+\.[0-9a-f]{8}\t[\d_-]+\t\w+\tyoung\n/);
  expect(stdout).not.toContain("free\t");
});
