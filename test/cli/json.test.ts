// What programs read of the commands that go to a target: one JSON value on stdout, or nothing where there is an error.
import { chown, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { REPX_GEN, REPX_PLOT } from "../../packages/core/src/lab/repx-lab.fixture.ts";
import type { CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { writeStoredLab } from "./stored-lab.ts";
import { startTargetStand, type TargetStand } from "./target-stand.ts";

let stand: TargetStand;

beforeAll(async () => {
  stand = await startTargetStand();
  await symlink(await writeStoredLab(stand.project), join(stand.project, "result"));
  const job = join(stand.basePath, "outputs", REPX_GEN);
  await mkdir(join(job, "out/new\nline"), { recursive: true });
  await mkdir(join(job, "repx"));
  await writeFile(join(job, "out/large"), Buffer.alloc(6_000_000, "text"));
  await writeFile(join(job, "out/new\nline/x"), "x");
  await writeFile(join(job, "repx/SUCCESS"), "");
  await chown(join(stand.basePath, "outputs"), stand.user.uid, stand.user.gid);
});
afterAll(async () => stand[Symbol.asyncDispose]());

const Told = z.looseObject({ target: z.object({ name: z.string(), where: z.string(), basePath: z.string() }) });

/** All of stdout as one value. */
function parse({ stdout, stderr }: CommandOutput): z.infer<typeof Told> {
  if (stdout === "") throw new Error(`nothing on stdout\n${stderr}`);
  return Told.parse(JSON.parse(stdout));
}

async function readDocumentedKeys(command: string): Promise<string[]> {
  const page = await readFile(join(REPOSITORY_ROOT, "docs/cli.md"), "utf8");
  const line = page.split("\n").find((text) => text.startsWith(`| \`${command}\` |`)) ?? "";
  return [...line.matchAll(/`(\w+)`/g)].map(([, word = ""]) => word);
}

test.each([
  ["pull", []],
  ["pull", ["--dry-run"]],
  ["pull", ["--logs", "--max-file", "1M"]],
  ["sync", ["plot-run", "--dry-run"]],
  ["doctor", []],
])("%s --json %j is one object, with keys that are documented and a target as everywhere", async (command, words) => {
  const output = await stand.repx(command, "--json", ...words);
  const where = `${stand.user.name}@127.0.0.1:${stand.ssh.port}`;
  const { target, ...rest } = parse(output);
  expect(target).toEqual({ name: "cluster", where, basePath: stand.basePath });
  expect(await readDocumentedKeys(command)).toEqual(expect.arrayContaining(Object.keys(rest)));
  expect(rest["dryRun"] ?? false).toBe(words.includes("--dry-run"));
  await rm(join(stand.project, "results"), { recursive: true, force: true });
});

test("a pull of which a file is left out, or nothing comes, is one object too", async () => {
  await mkdir(join(stand.project, "results/outputs", REPX_GEN, "out/large"), { recursive: true });
  const { leftOut, files } = parse(await stand.repx("pull", "--json"));
  expect([files, leftOut]).toEqual([1, [expect.objectContaining({ reason: "here a folder has its name" })]]);
  const nothing = await stand.repx("pull", "--json", REPX_PLOT);
  expect([nothing.exitCode, nothing.stderr, parse(nothing)["missingJobs"]]).toEqual([1, "", [REPX_PLOT]]);
});

test.each([
  ["SYNC_TOO_LARGE", ["pull", "--max-size", "1M", "--to", "other"]],
  ["SYNC_DESTINATION_NOT_WRITABLE", ["pull", "--to", "result/readme/README.md"]],
  ["INPUT_INVALID", ["pull", "--max-file", "lots"]],
  ["LAB_RUN_UNKNOWN", ["pull", "nobody"]],
  ["CONFIG_TARGET_UNKNOWN", ["pull", "--target", "nowhere"]],
  ["LAB_RUN_UNKNOWN", ["sync", "nobody"]],
  ["INPUT_INVALID", ["doctor", "--coordinator", "nowhere"]],
])("%s with --json is two lines on stderr, and nothing on stdout: %j", async (code, [command = "", ...words]) => {
  const { exitCode, stdout, stderr } = await stand.repx(command, "--json", ...words);
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(new RegExp(`^error\\[${code}\\]: [^\\n]+\\n {2}hint: [^\\n]+\\n$`));
});
