import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JobId, LabHash } from "../model/ids.ts";
import { runCommand } from "../target/command/command.ts";
import { openLocal } from "../target/transport/local.ts";
import { surveyTarget, type Survey, type SurveyRequest } from "./survey.ts";

const COREUTILS =
  "cat chmod cp cut date dd df head id ln ls mkdir mv od rm rmdir sha256sum sort sync tail timeout tr uniq wc";
const JOB = JobId.parse(`${"1".repeat(32)}-stage-1.1`);
let folder: string;
let base: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-facts-"));
  base = join(folder, "base");
  await survey();
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

async function survey(request: Partial<SurveyRequest> = {}, path = process.env["PATH"] ?? ""): Promise<Survey> {
  await using transport = await openLocal({ environment: { PATH: path } });
  const labHash = LabHash.parse("0c3f6w9x2k1v8b7n");
  return surveyTarget(transport, {
    basePath: base,
    storeNames: [],
    jobIds: [],
    labHash,
    programsHash: "f00d",
    ...request,
  });
}

/** A folder with nothing but sh, tar and the coreutils, or busybox under their names. */
async function makeMinimalPath(busybox = false): Promise<string> {
  const path = join(folder, busybox ? "busybox" : "minimal");
  await mkdir(path, { recursive: true });
  for (const name of ["sh", "tar", ...COREUTILS.split(" ")]) {
    const found = (await runCommand({ argv: ["sh", "-c", `command -v ${name}`] })).stdout.trim();
    await symlink(busybox ? "/bin/busybox" : found, join(path, name));
  }
  return path;
}

async function writeProgram(path: string, script: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

function nameStorePath(letter: string, name: string): string {
  return `${letter.repeat(32)}-${name}`;
}

/** An index, and what it tells of. */
async function publish(name: string, text: string, ageSeconds: number, isThere = true): Promise<void> {
  const path = join(base, "artifacts/.index", `store%${name}`);
  await writeFile(path, text);
  const time = Date.now() / 1000 - ageSeconds;
  await utimes(path, time, time);
  if (isThere) await mkdir(join(base, "artifacts/store", name));
}

test("tells what this machine is", async () => {
  await mkdir(join(base, "artifacts/.staging/0123456789abcdef.01234567"));
  const { facts, freeBytes } = await survey();
  expect(facts).toMatchObject({ decoders: ["zstd", "gzip"], hasOpenssl: true, canLink: true, toolPath: "" });
  expect(facts.freeBytes).toBeGreaterThan(1_000_000);
  expect(facts.freeBytes).toBe(freeBytes);
  expect(facts.freeFiles).toBeGreaterThan(1000);
  expect(facts.quotaBytes).toBe(Infinity);
  expect(facts.leftovers).toEqual(["0123456789abcdef.01234567"]);
  expect(await readdir(join(base, "artifacts/store"))).toEqual([]);
});

test.each([
  ["sh and coreutils", false, []],
  // Its sh has a gzip of its own.
  ["busybox", true, ["gzip"]],
])("needs nothing but %s", async (_, busybox, decoders) => {
  const [there, gone] = [nameStorePath("a", "tool-1.0"), nameStorePath("b", "tool-1.0")];
  await publish(there, "an index", 10);
  await mkdir(join(base, "outputs", JOB, "repx"), { recursive: true });
  await mkdir(join(base, "outputs", JOB, "out"));
  await writeFile(join(base, "outputs", JOB, "repx/SUCCESS"), "");
  await writeFile(join(base, "outputs", JOB, "out/metrics.json"), '{"a": 1}\n');
  const path = await makeMinimalPath(busybox);
  const found = await survey({ storeNames: [there, gone], jobIds: [JOB] }, path);
  expect(found).toMatchObject({ missingStore: [gone], missingJobs: [JOB], hasSbatch: false });
  expect(found.succeeded).toEqual(new Map([[JOB, '{"a": 1}']]));
  expect(found.facts).toMatchObject({ decoders, hasOpenssl: false, canLink: true, quotaBytes: Infinity });
  expect(found.facts.indexes).toEqual(new Map([[`store%${there}`, "an index"]]));
  expect(found.facts.freeBytes).toBeGreaterThan(1_000_000);
});

test("brings the newest index of what has the same name as something missing, and those that are asked for", async () => {
  await publish(nameStorePath("a", "tool-1.0"), "old", 100);
  await publish(nameStorePath("c", "tool-1.0"), "new", 10);
  await publish(nameStorePath("b", "tool-1.0"), "older", 1000);
  await publish(nameStorePath("d", "tool-1.1"), "another version", 1);
  await publish(nameStorePath("e", "removed-2"), "its store path is gone", 1, false);
  await publish(nameStorePath("f", "present"), "not missing", 1);
  await writeFile(join(base, "artifacts/.index/labs%abc"), "asked for");
  const missing = [nameStorePath("x", "tool-1.0"), nameStorePath("y", "tool-1.0"), nameStorePath("x", "removed-2")];
  const storeNames = [...missing, nameStorePath("x", "unknown"), nameStorePath("f", "present")];
  const { facts } = await survey({ storeNames, indexNames: ["labs%abc", "labs%none"] });
  expect(Object.fromEntries(facts.indexes)).toEqual({
    [`store%${nameStorePath("c", "tool-1.0")}`]: "new",
    "labs%abc": "asked for",
  });
  expect((await survey({ storeNames: [nameStorePath("f", "present")] })).facts.indexes.size).toBe(0);
});

test("leaves out indexes that are too much together", async () => {
  await publish(nameStorePath("a", "huge"), "x".repeat(65 * 1024 * 1024), 1);
  await publish(nameStorePath("a", "little"), "y", 1);
  const { facts } = await survey({ storeNames: [nameStorePath("b", "huge"), nameStorePath("b", "little")] });
  expect([...facts.indexes.values()]).toEqual(["y"]);
});

test("finds decoders among host tools that run on the target, and takes no others", async () => {
  const minimal = await makeMinimalPath();
  const tools = join(base, "host-tools");
  await mkdir(join(tools, "theirs/bin"), { recursive: true });
  await writeFile(join(tools, "theirs/bin/busybox"), "\u007FELF of another machine", { mode: 0o755 });
  await writeProgram(join(tools, "theirs/bin/zstd"), "exit 0");
  await rm(join(tools, "theirs/bin/zstd"));
  expect((await survey({}, minimal)).facts).toMatchObject({ decoders: [], toolPath: "" });
  await mkdir(join(tools, "ours/bin"), { recursive: true });
  await symlink("/bin/busybox", join(tools, "ours/bin/busybox"));
  await symlink("/usr/bin/zstd", join(tools, "ours/bin/zstd"));
  expect((await survey({}, minimal)).facts).toMatchObject({ decoders: ["zstd"], toolPath: join(tools, "ours/bin") });
});

test("reads the quota of the file system, and waits for it no more than a second", async () => {
  const programs = join(folder, "programs");
  const fileSystem = (await runCommand({ argv: ["df", "-Pk", base] })).stdout.split("\n")[1]?.split(" ")[0];
  const said = `Disk quotas for user u (uid 1):\n  Filesystem blocks quota limit grace files quota limit grace\n other:/x 9 1 2\n ${fileSystem} 1000* 900 1500 6days 3 0 0`;
  await writeProgram(join(programs, "quota"), `cat <<'E'\n${said}\nE`);
  const path = `${programs}:${process.env["PATH"]}`;
  expect((await survey({}, path)).facts.quotaBytes).toBe(500 * 1024);
  await writeProgram(join(programs, "lfs"), "printf '    /a/long/name/of/a/mount\\n    100  0  300  -  5 0 0 -\\n'");
  expect((await survey({}, path)).facts.quotaBytes).toBe(200 * 1024);
  await writeProgram(join(programs, "lfs"), "exec sleep 100");
  expect((await survey({ deadlineSeconds: 15 }, path)).facts.quotaBytes).toBe(500 * 1024);
});

test("says when it cannot tell what is there, rather than that nothing is", async () => {
  const programs = join(folder, "programs");
  await writeProgram(join(programs, "sort"), "exit 1");
  const path = `${programs}:${process.env["PATH"]}`;
  await expect(survey({}, path)).rejects.toMatchObject({ code: "SSH_COMMAND_FAILED", message: /cannot be sorted/ });
  await rm(join(programs, "sort"));
  await writeProgram(join(programs, "ls"), "exit 1");
  await expect(survey({}, path)).rejects.toMatchObject({ code: "SSH_COMMAND_FAILED", message: /cannot be listed/ });
});

test("tells where hard links do not work", async () => {
  await writeProgram(join(folder, "programs/ln"), "exit 1");
  const { facts } = await survey({}, join(folder, "programs") + `:${process.env["PATH"]}`);
  expect(facts.canLink).toBe(false);
  expect(facts.leftovers).toEqual([]);
});
