import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { World } from "../harness/world.ts";

let world: World;

beforeAll(async () => {
  world = await makeTemporaryWorld("merge-queue");
});
afterAll(async () => world[Symbol.asyncDispose]());

const MERGE_GROUP = { name: "merge_group", payload: { action: "checks_requested" } };

const listSubmissions = async () => readdir(join(world.basePath, "submissions"));

test("a merge queue's commit with the Lab of a pull request that passed is answered without the cluster", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const pull = await world.openExperiment("queued");
  expect(await world.runAction(pull)).toMatchObject({ exitCode: 0 });
  await world.waitForChecks(pull.pullRequest.headSha, 2);
  const before = await listSubmissions();

  const group = await world.openExperiment("group");
  // Whoever would go to the cluster now finds its host key unknown.
  const run = await world.runAction(group, { event: MERGE_GROUP, inputs: { "known-hosts": "" } });
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs["reused"]).toBe(run.outputs["jobs"]);
  expect(run.log).toContain("passed in submission");
  const checks = await world.waitForChecks(group.pullRequest.headSha, 2);
  expect(checks.map((check) => check.conclusion)).toEqual(["success", "success"]);
  expect(await listSubmissions()).toEqual(before);
});

test("a merge queue's commit with another Lab goes to the cluster", async () => {
  const group = await world.openExperiment("other");
  await group.checkout.edit("simulation/default.nix", (text) => text.replace("[ 1 2 3 4 5 ]", "[ 1 2 3 4 6 ]"));
  const run = await world.runAction(group, { event: MERGE_GROUP, inputs: { "known-hosts": "" } });
  expect(run.exitCode, run.log).toBe(2);
  expect(run.annotations.map((annotation) => annotation.title)).toContain("SSH_HOST_KEY_UNKNOWN");
});
