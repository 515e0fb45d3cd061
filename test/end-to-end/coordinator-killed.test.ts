import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { World } from "../harness/world.ts";

let world: World;

beforeAll(async () => {
  world = await makeTemporaryWorld("killed");
});
afterAll(async () => world[Symbol.asyncDispose]());

test("no event is lost when the coordinator is killed while jobs run and started again after they ended", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const experiment = await world.openExperiment("killed");
  const run = await world.runAction(experiment);
  expect(run.exitCode).toBe(0);
  await waitUntil({ what: "a job to run", timeoutSeconds: 30 }, async () => (await queue(world, "RUNNING")) > 0);
  await world.coordinator.kill9();
  const atDeath = await world.github.readCheckRuns(experiment.pullRequest.headSha);
  expect(atDeath.some((check) => check.status === "completed")).toBe(false);

  await waitUntil(
    { what: "every job to end", timeoutSeconds: 90, intervalMs: 300 },
    async () => (await queue(world)) === 0,
  );
  await world.coordinator.restart();

  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2, 60);
  expect(checks.map((check) => `${check.conclusion} | ${check.output.title}`).toSorted()).toEqual([
    "success | passed: 1 job",
    "success | passed: 15 jobs",
  ]);
  await waitUntil(
    { what: "the comment", timeoutSeconds: 30 },
    async () => (await world.github.readComments(experiment.pullRequest.number)).length > 0,
  );
  expect(await world.github.readComments(experiment.pullRequest.number)).toHaveLength(1);
});

/** How many jobs SLURM has in a state, or at all. */
async function queue(of: World, state?: string): Promise<number> {
  const { stdout } = await of.cluster.run(["squeue", "-h", "-r", ...(state === undefined ? [] : ["-t", state])]);
  return stdout.split("\n").filter((line) => line !== "").length;
}
