import { chmod, mkdir, readFile, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand, SYSTEM_PATH } from "../harness/command.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

// What repx-job does when another attempt holds the job; the scheduler is a script that says what the test wants.

let user: ClusterUser;
let target: TargetFolder;
let tools: string;

beforeAll(async () => {
  user = await ensureClusterUser();
});
beforeEach(async () => {
  target = await makeTargetFolder("/tmp/repx-job-turn", user);
  tools = join(target.base, "tools");
  await mkdir(tools);
});
afterAll(async () => rm("/tmp/repx-job-turn", { recursive: true, force: true }));

const OWN = { SLURM_JOB_ID: "77", SLURM_RESTART_COUNT: "1", SLURMD_NODENAME: "n1", REPX_WAIT_SECONDS: "0.05" };

/** A job, and the lock on it that another attempt left or holds. */
async function openHeldJob(holder: string | undefined, script = `echo ran >"$1/ran"`) {
  const { number, ids } = await target.addBatch([{ stage: "one", script }]);
  const [id = ""] = ids;
  const repx = join(target.base, "outputs", id, "repx");
  const lock = join(repx, ".running");
  await mkdir(holder === undefined ? repx : lock, { recursive: true });
  if (holder !== undefined) await symlink(holder, join(lock, "1"));
  await target.giveAway();
  return { id, repx, lock, run: async () => target.runJob(number, { ...OWN, PATH: `${tools}:${SYSTEM_PATH}` }) };
}

async function writeScheduler(answer: string): Promise<void> {
  const asked = join(tools, "asked");
  await writeFile(join(tools, "squeue"), `#!/bin/sh\necho "$SQUEUE_STATES $*" >>${asked}\n${answer}\n`);
  await chmod(join(tools, "squeue"), 0o755);
  await target.giveAway();
}

async function waitForQuestions(count: number): Promise<void> {
  await waitUntil({ what: `${count} questions to the scheduler`, timeoutSeconds: 20 }, async () => {
    const asked = await readFile(join(tools, "asked"), "utf8").catch(() => "");
    return asked.split("\n").length > count;
  });
}

const HOLDER = "55_2 1 2026-11-20T12:00:00Z n2";

test.each([
  { what: "no longer known", answer: "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1" },
  { what: "not listed", answer: "true" },
  { what: "ended", answer: "echo 'FAILED              1           '" },
  { what: "requeued and waiting", answer: "echo 'PENDING             2           '" },
  { what: "requeued and running again", answer: "echo 'RUNNING             2           '" },
])("a holder that is $what loses the lock", async ({ answer }) => {
  await writeScheduler(answer);
  const { id, lock, run } = await openHeldJob(HOLDER);
  expect((await run()).exitCode).toBe(0);
  expect(await target.read(id, "out/ran")).toBe("ran\n");
  expect(await readFile(join(tools, "asked"), "utf8")).toMatch(/^ -h .*-j 55_2 /);
  expect(existsSync(lock)).toBe(false);
});

test.each([
  { what: "runs", answer: "echo 'squeue: a warning' >&2; echo 'RUNNING             1           '" },
  { what: "is being ended", answer: "echo 'COMPLETING          2           '" },
  { what: "cannot be asked about", answer: "echo 'Unable to contact slurm controller' >&2; exit 1" },
])("a holder that $what is waited for until it gives the lock back", async ({ answer }) => {
  await writeScheduler(answer);
  const { id, lock, run } = await openHeldJob(HOLDER);
  const running = run();
  await waitForQuestions(3);
  expect(existsSync(join(target.base, "outputs", id, "out"))).toBe(false);
  expect(await readlink(join(lock, "1"))).toBe(HOLDER);
  await rm(lock, { recursive: true });
  expect((await running).exitCode).toBe(0);
  expect(await target.read(id, "out/ran")).toBe("ran\n");
});

test("without a scheduler to ask, a lock of more than seven days is a dead holder's", async () => {
  await writeScheduler("exit 1");
  const { id, lock, run } = await openHeldJob(HOLDER);
  const running = run();
  await waitForQuestions(2);
  await runCommand(["touch", "-h", "-d", "8 days ago", join(lock, "1")]);
  expect((await running).exitCode).toBe(0);
  expect(await target.read(id, "out/ran")).toBe("ran\n");
  expect(existsSync(lock)).toBe(false);
});

test("a requeued job takes over what its own earlier attempt held, without asking", async () => {
  await writeScheduler("exit 1");
  const { lock, run } = await openHeldJob("77 0 2026-11-20T12:00:00Z n2", `ls -l "$1/../repx/.running"`);
  expect((await run()).exitCode).toBe(0);
  expect(existsSync(join(tools, "asked"))).toBe(false);
  expect(existsSync(lock)).toBe(false);
});

test("while a job runs its lock says whose it is, since when and where", async () => {
  const { id, run } = await openHeldJob(undefined, `readlink "$1"/../repx/.running/*`);
  expect((await run()).exitCode).toBe(0);
  expect(await target.read(id, "repx/stdout.log")).toMatch(/^77 1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ n1\n$/);
});

test("a holder that succeeds while it is asked about is not run again", async () => {
  const { id, repx, lock, run } = await openHeldJob(HOLDER);
  await writeScheduler(`rm ${lock}/1; touch ${join(repx, "SUCCESS")}`);
  expect((await run()).exitCode).toBe(0);
  expect(await target.read(id, "out/ran")).toBeUndefined();
  expect(existsSync(lock)).toBe(false);
});

test("results that are there already stand, and the submission is told that they count", async () => {
  const { id, repx, run } = await openHeldJob(undefined);
  const out = join(target.base, "outputs", id, "out");
  await mkdir(out);
  for (const path of [join(repx, "SUCCESS"), join(repx, "job.json"), join(out, "theirs")]) await writeFile(path, "x");
  await target.giveAway();
  expect((await run()).exitCode).toBe(0);
  expect(await readdir(out)).toEqual(["theirs"]);
  expect((await readdir(repx)).toSorted()).toEqual(["SUCCESS", "job.json"]);
  expect(await readdir(join(target.folder, "shared"))).toEqual(["77.1"]);
  expect((await readdir(join(target.folder, "bells"))).toSorted()).toEqual(["77.end", "77.start"]);
});

test.each([
  { what: "answers", script: `trap 'exit 9' TERM; touch "$1/ready"; while :; do sleep 0.05; done`, exitCode: 9 },
  { what: "does not handle", script: `touch "$1/ready"; exec sleep 60`, exitCode: 143 },
])("a lock is given back after a TERM that the job $what", async ({ script, exitCode }) => {
  const { id, lock, run } = await openHeldJob(undefined, script);
  const running = run();
  const isReady = async () => existsSync(join(target.base, "outputs", id, "out/ready"));
  await waitUntil({ what: "the job to be ready", timeoutSeconds: 10 }, isReady);
  expect(existsSync(lock)).toBe(true);
  await endWrapper();
  expect((await running).exitCode).toBe(exitCode);
  expect(existsSync(lock)).toBe(false);
});

test("a TERM while it waits ends the wrapper and leaves the holder's lock alone", async () => {
  await writeScheduler("echo 'RUNNING             1           '");
  const { lock, run } = await openHeldJob(HOLDER);
  const running = run();
  await waitForQuestions(2);
  await endWrapper();
  expect((await running).exitCode).toBe(143);
  expect(await readlink(join(lock, "1"))).toBe(HOLDER);
});

async function endWrapper(): Promise<void> {
  const { stdout } = await runCommand(["pgrep", "-o", "-f", `repx-job ${target.base}`]);
  await runCommand(["kill", "-TERM", stdout.trim()]);
}

test("of many that find a dead holder at once, one runs and the others let its results stand", async () => {
  await writeScheduler("case $* in *55_2*) exit 0 ;; *) echo 'RUNNING             0           ' ;; esac");
  const { id } = await openHeldJob(HOLDER, `echo ran >>"$1/../ran"; sleep 0.3`);
  const racers = Array.from({ length: 8 }, async (_, index) =>
    target.runJob(1, {
      ...OWN,
      PATH: `${tools}:${SYSTEM_PATH}`,
      SLURM_JOB_ID: String(100 + index),
      SLURM_RESTART_COUNT: "0",
    }),
  );
  const ends = await Promise.all(racers);
  expect(ends.map((end) => end.exitCode)).toEqual(ends.map(() => 0));
  expect(await target.read(id, "ran")).toBe("ran\n");
  expect(await readdir(join(target.folder, "shared"))).toHaveLength(7);
});
