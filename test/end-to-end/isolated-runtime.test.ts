// A study with images, whose jobs run in bwrap on the nodes: from the pull request to its checks.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import * as z from "zod";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { World } from "../harness/world.ts";

const Record = z.object({ job: z.looseObject({ runtime: z.string(), image: z.string().optional() }) });

let world: World;

beforeAll(async () => {
  world = await makeTemporaryWorld("isolated");
});
afterAll(async () => world[Symbol.asyncDispose]());

test("the jobs of a Lab with images run in the target's runtime, and each sees only what it depends on", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const { basePath } = world;
  const experiment = await world.openExperiment("isolated");
  const runtimes = 'default_execution_type = "bwrap"\nslurm.execution_types = ["native", "bwrap"]\n';
  await experiment.checkout.edit(".repx/config.toml", (text) => `${text}${runtimes}`);
  await experiment.checkout.edit("flake.nix", (text) =>
    text.replace("[ simulation analysis ]", '{ containerMode = "unified"; runs = [ simulation analysis ]; }'),
  );
  await experiment.checkout.edit("simulation/percolation.nix", (text) =>
    text.replace(/^( *)awk -v L=/m, `$1(cd "${basePath}/outputs" && ls) > seen\n$1awk -v L=`),
  );
  const run = await world.runAction(experiment);
  expect(run.exitCode, run.log).toBe(0);
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2);
  expect(checks.map(({ conclusion }) => conclusion)).toEqual(["success", "success"]);

  const outputs = join(basePath, "outputs");
  const jobs = (await readdir(outputs)).filter((name) => name !== "completions.jsonl");
  expect(jobs).toHaveLength(16);
  for (const id of jobs) {
    const { job } = Record.parse(JSON.parse(await readFile(join(outputs, id, "repx/job.json"), "utf8")));
    expect(job).toMatchObject({ runtime: "bwrap", image: expect.stringMatching(/-repx-shared-image\.tar$/) });
  }
  for (const id of jobs.filter((name) => name.includes("-percolation-"))) {
    expect(await readFile(join(outputs, id, "out/seen"), "utf8")).toBe(`${id}\n`);
  }
  // Once for all 16 jobs.
  expect(await readdir(join(basePath, "cache/rootfs"))).toHaveLength(1);
});
