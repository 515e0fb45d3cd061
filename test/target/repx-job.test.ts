import { chmod, cp, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

const Result = z.object({
  exitCode: z.int(),
  signal: z.int().nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  elapsedSeconds: z.number().min(0),
  cpuUserSeconds: z.number().min(0),
  cpuSystemSeconds: z.number().min(0),
  peakMemoryBytes: z.int().positive().optional(),
  peakMemorySource: z.string().optional(),
  node: z.string(),
  outputs: z.array(z.object({ path: z.string(), sizeBytes: z.int(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});

const Record = z.object({
  attempt: z.object({
    number: z.int(),
    submission: z.string(),
    slurmId: z.string(),
    restarts: z.int(),
    node: z.string(),
    user: z.string(),
    startedAt: z.iso.datetime(),
  }),
  job: z.unknown(),
});

let user: ClusterUser;
let target: TargetFolder;

beforeAll(async () => {
  user = await ensureClusterUser();
});
beforeEach(async () => {
  target = await makeTargetFolder("/tmp/repx-job-test", user);
});
afterAll(async () => rm("/tmp/repx-job-test", { recursive: true, force: true }));

async function runOne(script: string, environment: Record<string, string> = {}) {
  const { number, ids } = await target.addBatch([{ stage: "one", script }]);
  const [id = ""] = ids;
  const output = await target.runJob(number, environment);
  return { id, number, exitCode: output.exitCode, stderr: output.stderr, names: await listRecords(id) };
}

async function listRecords(id: string): Promise<string[]> {
  return (await readdir(join(target.base, "outputs", id, "repx"))).toSorted();
}

async function readResult(id: string) {
  return Result.parse(JSON.parse((await target.read(id, "repx/result.json")) ?? ""));
}

async function readRecord(id: string) {
  return Record.parse(JSON.parse((await target.read(id, "repx/job.json")) ?? ""));
}

test("a job that succeeds leaves its whole record and the marker SUCCESS", async () => {
  const { id, exitCode, names } = await runOne(
    `echo said; echo warned >&2; cp "$2" "$1/in"; cat "$3" >"$1/par"; pwd >"$1/pwd"`,
    {
      SLURM_JOB_ID: "77",
      SLURM_ARRAY_JOB_ID: "76",
      SLURM_ARRAY_TASK_ID: "1",
      SLURMD_NODENAME: 'no"de',
    },
  );
  expect(exitCode).toBe(0);
  expect(names).toEqual([
    "SUCCESS",
    "attempts",
    "inputs.json",
    "job.json",
    "parameters.json",
    "result.json",
    "stderr.log",
    "stdout.log",
  ]);
  expect(await target.read(id, "repx/stdout.log")).toBe("said\n");
  expect(await target.read(id, "repx/stderr.log")).toBe("warned\n");
  expect(await target.read(id, "out/in")).toBe('{"data":"/in put"}\n');
  expect(await target.read(id, "out/par")).toBe('{"seed":7}\n');
  expect(await target.read(id, "out/pwd")).toBe(`${target.folder}\n`);
  expect(await readRecord(id)).toMatchObject({
    attempt: { number: 1, submission: target.submission, slurmId: "76_1", restarts: 0, node: 'no"de', user: user.name },
    job: { stage: "one", note: "as the submitter wrote it" },
  });
  const result = await readResult(id);
  expect(result).toMatchObject({ exitCode: 0, signal: null, node: 'no"de' });
  expect(result.outputs.map((one) => one.path)).toEqual(["in", "par", "pwd"]);
  expect(await readdir(join(target.folder, "bells"))).toEqual(["76_1.end", "76_1.start"]);
  expect(await readFile(join(target.base, "outputs/completions.jsonl"), "utf8")).toBe(`{"id":"${id}","s":"ok"}\n`);
});

test("the array's task is the line of the batch, counted from 1", async () => {
  const { number, ids } = await target.addBatch([
    { stage: "first", script: "echo first" },
    { stage: "second", script: "echo second" },
  ]);
  const [first = "", second = ""] = ids;
  expect((await target.runJob(number, { SLURM_ARRAY_JOB_ID: "5", SLURM_ARRAY_TASK_ID: "2" })).exitCode).toBe(0);
  expect(await target.read(second, "repx/stdout.log")).toBe("second\n");
  expect(await target.read(first, "repx/job.json")).toBeUndefined();
  expect((await target.runJob(number, { SLURM_ARRAY_JOB_ID: "5", SLURM_ARRAY_TASK_ID: "3" })).exitCode).toBe(66);
});

test("a job that fails keeps its exit code and leaves FAIL", async () => {
  const { id, exitCode, names } = await runOne("echo why >&2; exit 3");
  expect(exitCode).toBe(3);
  expect(names).toContain("FAIL");
  expect(names).not.toContain("SUCCESS");
  expect(await readResult(id)).toMatchObject({ exitCode: 3, signal: null, outputs: [] });
  expect(await readFile(join(target.base, "outputs/completions.jsonl"), "utf8")).toContain('"s":"fail"');
});

test.each([
  { name: "SEGV", number: 11 },
  { name: "KILL", number: 9 },
])("a job that dies of $name says so", async ({ name, number }) => {
  const { id, exitCode } = await runOne(`kill -${name} $$`);
  expect(exitCode).toBe(128 + number);
  expect(await readResult(id)).toMatchObject({ exitCode: 128 + number, signal: number });
});

test.each(["TERM", "USR1"])("%s reaches the job, and its exit code is the job's answer", async (signal) => {
  const { number, ids } = await target.addBatch([
    {
      stage: "one",
      script: `trap 'echo got >"$1/got"; exit 9' ${signal}; touch "$1/ready"; while :; do sleep 0.05; done`,
    },
  ]);
  const [id = ""] = ids;
  const running = target.runJob(number);
  const folder = join(target.base, "outputs", id, "out");
  await waitUntil({ what: "the job to be ready", timeoutSeconds: 10 }, async () => existsSync(join(folder, "ready")));
  const { stdout } = await runCommand(["pgrep", "-f", `repx-job ${target.base}`]);
  await runCommand(["kill", `-${signal}`, stdout.trim().split("\n")[0] ?? ""]);
  expect((await running).exitCode).toBe(9);
  expect(await target.read(id, "out/got")).toBe("got\n");
  expect(await readResult(id)).toMatchObject({ exitCode: 9, signal: null });
});

test("output names may hold anything that a file name may hold", async () => {
  const script = `#!/bin/bash
cd "$1"; mkdir -p 'a b/c'
for name in $'new\\nline' 'quote"s' 'back\\slash' $'back\\\\n' $'tab\\t' '*' '-n' ' lead' $'caf\\303\\251' $'\\377bad' 'a b/c/deep'; do printf x >"$name"; done
mkfifo pipe; ln -s /etc/passwd link; chmod 000 '*'; mkdir closed; touch closed/in; chmod 000 closed`;
  const { id, exitCode } = await runOne(script);
  expect(exitCode).toBe(0);
  const { outputs } = await readResult(id);
  const names = [
    "new\nline",
    'quote"s',
    "back\\slash",
    "back\\n",
    "tab\t",
    "*",
    "-n",
    " lead",
    "café",
    "\uFFFDbad",
    "a b/c/deep",
    "closed/in",
  ];
  expect(outputs.map((one) => one.path).toSorted()).toEqual(names.toSorted());
  const full = outputs.filter((one) => one.path !== "closed/in");
  expect(new Set(full.map((one) => `${one.sizeBytes} ${one.sha256}`))).toEqual(
    new Set(["1 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"]),
  );
});

test("a second attempt keeps the first one's record and starts with an empty folder", async () => {
  const { number, ids } = await target.addBatch([
    { stage: "one", script: `ls "$1"; mkdir "$1/ro"; touch "$1/ro/x"; chmod 500 "$1/ro"; exit "\${CODE:-0}"` },
  ]);
  const [id = ""] = ids;
  expect((await target.runJob(number, { CODE: "4", SLURM_JOB_ID: "1" })).exitCode).toBe(4);
  expect((await target.runJob(number, { SLURM_JOB_ID: "1", SLURM_RESTART_COUNT: "1" })).exitCode).toBe(0);
  expect(await target.read(id, "repx/stdout.log")).toBe("");
  expect(await readRecord(id)).toMatchObject({ attempt: { number: 2, restarts: 1 } });
  expect(JSON.parse((await target.read(id, "repx/attempts/1/result.json")) ?? "")).toMatchObject({ exitCode: 4 });
  expect((await readdir(join(target.base, "outputs", id, "repx/attempts/1"))).toSorted()).toEqual([
    "job.json",
    "result.json",
    "stderr.log",
    "stdout.log",
  ]);
  const names = await listRecords(id);
  expect(names).toContain("SUCCESS");
  expect(names).not.toContain("FAIL");
});

test("I-44: a folder that cannot be removed yet does not stop the next attempt, and goes with a later one", async () => {
  const { number, id } = await runOne('mkdir "$1/held"; exit 3');
  const job = join(target.base, "outputs", id);
  // As a file that is open on another node keeps its folder on NFS.
  await runCommand(["mount", "-t", "tmpfs", "none", join(job, "out/held")]);
  const left = join(job, ".discarded.out.1");
  try {
    await writeFile(join(job, "out/held/file"), "old\n");
    expect((await target.runJob(number)).exitCode).toBe(3);
    expect(await readdir(join(job, "out"))).toEqual(["held"]);
    expect(await readdir(join(job, "out/held"))).toEqual([]);
    expect(existsSync(left)).toBe(true);
  } finally {
    await runCommand(["umount", join(left, "held")]);
  }
  expect((await target.runJob(number)).exitCode).toBe(3);
  expect((await readdir(job)).toSorted()).toEqual(["out", "repx"]);
});

test("CPU time is that of the job's own processes, user and system apart", async () => {
  const { id } = await runOne('i=0; while [ "$i" -lt 300000 ]; do i=$((i + 1)); done');
  const result = await readResult(id);
  expect(result.cpuUserSeconds).toBeGreaterThan(0.05);
  expect(result.cpuUserSeconds).toBeGreaterThan(result.cpuSystemSeconds);
  const idle = await readResult((await runOne("sleep 0.2")).id);
  expect(idle.elapsedSeconds).toBeGreaterThanOrEqual(0.2);
  expect(idle.cpuUserSeconds + idle.cpuSystemSeconds).toBeLessThan(0.1);
});

test("without a cgroup of its own a job's record names no peak of memory", async () => {
  const { id } = await runOne("true");
  expect(Object.keys(await readResult(id))).not.toContain("peakMemoryBytes");
});

test("what a killed attempt had written in part is no part of the next one's record", async () => {
  const { number, ids } = await target.addBatch([{ stage: "one", script: "true" }]);
  const repx = join(target.base, "outputs", ids[0] ?? "", "repx");
  await mkdir(join(repx, ".new"), { recursive: true });
  await writeFile(join(repx, ".new/result.json"), "half");
  await target.giveAway();
  expect((await target.runJob(number)).exitCode).toBe(0);
  expect(await listRecords(ids[0] ?? "")).not.toContain(".new");
  expect(await readResult(ids[0] ?? "")).toMatchObject({ exitCode: 0 });
});

test("an attempt that was overtaken by a later one leaves no marker", async () => {
  const { id, names } = await runOne(`mkdir "$1/../repx/attempts/1"`);
  expect(names).not.toContain("SUCCESS");
  expect((await readResult(id)).exitCode).toBe(0);
});

test("an executable that is gone ends with 127 and one line that says so", async () => {
  const { number, ids } = await target.addBatch([{ stage: "one", script: "true" }]);
  const [id = ""] = ids;
  const program = join(target.base, "artifacts/jobs", id, "bin/run");
  await rm(program);
  expect((await target.runJob(number)).exitCode).toBe(127);
  expect(await target.read(id, "repx/stderr.log")).toBe(
    `repx-job: the job's executable ${program} is missing or not executable: submit again, so that it is copied\n`,
  );
  expect(await listRecords(id)).toContain("FAIL");
});

test("a full disk never gives SUCCESS", async () => {
  const outputs = join(target.base, "outputs");
  await runCommand([
    "mount",
    "-t",
    "tmpfs",
    "-o",
    `size=64k,uid=${user.uid},gid=${user.gid},mode=0755`,
    "repx-test",
    outputs,
  ]);
  try {
    const loud = await runOne(`exec dd if=/dev/zero of="$1/big" bs=4k status=none`);
    expect(loud.exitCode).not.toBe(0);
    expect(loud.names).not.toContain("SUCCESS");
    await rm(join(outputs, loud.id), { recursive: true });
    const silent = await runOne(`dd if=/dev/zero of="$1/big" bs=4k status=none 2>/dev/null; exit 0`);
    expect(silent.exitCode).toBe(74);
    expect(silent.names).not.toContain("SUCCESS");
    const none = await target.addBatch([{ stage: "late", script: "true" }]);
    expect((await target.runJob(none.number)).exitCode).not.toBe(0);
  } finally {
    await tryCommand(["umount", outputs]);
  }
});

const BASH = "/nix/store/00000000000000000000000000000000-bash-5.2";

async function writeStore(script: string): Promise<string> {
  const store = join(target.base, "artifacts/store", BASH.slice("/nix/store/".length), "bin");
  await mkdir(store, { recursive: true });
  await cp("/usr/bin/bash-static", join(store, "bash"));
  await chmod(join(store, "bash"), 0o555);
  return `#!${BASH}/bin/bash\n${script}\n`;
}

test("without /nix/store on the node the job sees the copied one there, and the rest as it was", async () => {
  const script = await writeStore(
    `pwd; id -u; id -g; umask; echo "$MARK|$PATH|$PWD"; echo x >"$1/file"; touch /nix/store/x 2>/dev/null && echo writable; kill -0 $PPID && echo parent; exit 6`,
  );
  const { id, exitCode } = await runOne(script, { MARK: "a b" });
  expect(await target.read(id, "repx/stderr.log")).toBe("");
  expect(exitCode).toBe(6);
  const plain = `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|${target.folder}`;
  expect(await target.read(id, "repx/stdout.log")).toBe(
    `${target.folder}\n${user.uid}\n${user.gid}\n0022\na b|${plain}\nparent\n`,
  );
  expect((await runCommand(["stat", "-c", "%u", join(target.base, "outputs", id, "out/file")])).stdout).toBe(
    `${user.uid}\n`,
  );
});

test("signals and their exit codes pass through the copied store", async () => {
  const { id, exitCode } = await runOne(await writeStore("kill -SEGV $$"));
  expect(exitCode).toBe(139);
  expect(await readResult(id)).toMatchObject({ signal: 11 });
});

test("a store path that is a link into the store is there, though it leads nowhere from outside", async () => {
  const lab = join(target.base, "artifacts/labs/0123456789abcdef/closure");
  await mkdir(lab, { recursive: true });
  const link = "/nix/store/22222222222222222222222222222222-link";
  await writeFile(join(lab, "store-paths"), `${BASH}\n${link}\n`);
  const script = await writeStore(`exec ${link}/bash -c "echo fine"`);
  await symlink(`${BASH}/bin`, join(target.base, "artifacts/store", link.slice("/nix/store/".length)));
  const { id, exitCode } = await runOne(script);
  expect([exitCode, await target.read(id, "repx/stdout.log")]).toEqual([0, "fine\n"]);
});

test("a closure that is neither on the node nor copied ends with 127 and names the path", async () => {
  const lab = join(target.base, "artifacts/labs/0123456789abcdef/closure");
  await mkdir(lab, { recursive: true });
  const other = "/nix/store/11111111111111111111111111111111-absent";
  await writeFile(join(lab, "store-paths"), `${BASH}\n${other}\n`);
  const { id, exitCode } = await runOne(await writeStore("true"));
  expect(exitCode).toBe(127);
  expect(await target.read(id, "repx/stderr.log")).toMatch(
    new RegExp(
      `^repx-job: ${other} is neither on .* nor in ${target.base}/artifacts/store: submit again, so that it is copied\n$`,
    ),
  );
});
