import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { World } from "../harness/world.ts";

let world: World;

beforeAll(async () => {
  world = await makeTemporaryWorld("same-time");
});
afterAll(async () => world[Symbol.asyncDispose]());

test("two pull requests with the same code, submitted while neither is done, run every job once and both pass", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const [first, second] = [await world.openExperiment("one"), await world.openExperiment("two")];
  const runs = [await world.runAction(first), await world.runAction(second)];
  for (const run of runs) expect(run.exitCode, run.log).toBe(0);
  expect(Number(runs[1]?.outputs["reused"])).toBeLessThan(16);
  // What the first one has in the queue is not handed to SLURM again, and is told to the second one's checks.
  expect(runs[1]?.log).toMatch(/1 job to run|0 jobs to run/);
  expect(runs[1]?.log).toContain("in the queue already");
  const awaited = await readFile(
    join(world.basePath, "submissions", runs[1]?.outputs["submission"] ?? "", "awaited.tsv"),
    "utf8",
  );
  expect(awaited).toContain(`\t${runs[0]?.outputs["submission"]}\n`);

  const titles = [];
  for (const { pullRequest } of [first, second]) {
    const checks = await world.waitForChecks(pullRequest.headSha, 2);
    expect(checks.map((check) => check.conclusion)).toEqual(["success", "success"]);
    titles.push(...checks.map((check) => check.output.title));
  }
  expect(titles).toHaveLength(4);

  // The wrapper adds a line for every attempt that it ran to its end.
  const completions = await readFile(join(world.basePath, "outputs/completions.jsonl"), "utf8");
  expect(completions.trim().split("\n")).toHaveLength(16);
});
