// A target whose nodes keep the Lab's software on their own disks, from config.toml to the job.
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GENERATE_1, GENERATE_2, makeLabFiles, SUM, writeLab } from "../../packages/core/src/lab/lab.fixture.ts";
import type { CommandOutput } from "../harness/command.ts";
import { type ScratchFolder, startScratchFolder } from "../harness/scratch-folder.ts";
import { runRepx } from "./run-repx.ts";

const DATA = "00000000000000000000000000000000-data";
let scratch: ScratchFolder;
let lab: string;

beforeEach(async () => {
  scratch = await startScratchFolder();
  for (const name of ["base", "node", ".repx"]) await mkdir(join(scratch.path, name));
  lab = await writeLabWithSoftware();
});
afterEach(async () => scratch[Symbol.asyncDispose]());

/** Its jobs read a store path that lies beside it, as in a chroot store. */
async function writeLabWithSoftware(): Promise<string> {
  const files = makeLabFiles();
  files["closure/store-paths"] = `/nix/store/${DATA}\n`;
  for (const [id, stage] of [
    [GENERATE_1, "generate"],
    [GENERATE_2, "generate"],
    [SUM, "sum"],
  ] as const) {
    files[`jobs/${id}/bin/${stage}`] = `#!/bin/sh\nexec cat /nix/store/${DATA}/number\n`;
  }
  await using written = await writeLab(files);
  const store = join(scratch.path, "chroot/nix/store");
  await mkdir(join(store, DATA), { recursive: true });
  await writeFile(join(store, DATA, "number"), "42\n");
  const place = join(store, "22222222222222222222222222222222-lab");
  await cp(written.folder, place, { recursive: true });
  return place;
}

async function writeConfig(...lines: readonly string[]): Promise<void> {
  const table = ["[targets.here]", `base_path = "${join(scratch.path, "base")}"`, 'default_scheduler = "local"'];
  await writeFile(join(scratch.path, ".repx/config.toml"), [...table, ...lines, ""].join("\n"));
}

const repx = async (...words: readonly string[]): Promise<CommandOutput> =>
  runRepx(words, { folder: scratch.path, environment: { REPX_TICK_SECONDS: "1" } });

test("the jobs of a run read its software from the node's own disk", async () => {
  await writeConfig('artifact_store = "node-local"', `node_local_path = "${join(scratch.path, "node")}"`);
  const ran = await repx("run", "--lab", lab, "simulation", "--wait");
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect((await repx("log", SUM)).stdout).toBe("42\n");
  expect(await readdir(join(scratch.path, "node/repx/store"))).toEqual([DATA]);
});

test("nothing is sent where the nodes' own disk has no path", async () => {
  await writeConfig('artifact_store = "node-local"');
  const ran = await repx("run", "--lab", lab, "simulation");
  expect([ran.exitCode, ran.stderr]).toEqual([
    2,
    expect.stringMatching(/^error\[CONFIG_INVALID\].* targets\.here\.artifact_store is "node-local".*node_local_path/),
  ]);
  expect(await readdir(join(scratch.path, "base"))).toEqual([]);
});
