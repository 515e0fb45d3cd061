import { chown, cp, mkdir, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { runCommand, tryCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { waitUntil } from "../harness/wait-until.ts";

const PROGRAM = join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog");
const FOLDER = "/tmp/repx-epilog-test";
const SPOOL = join(FOLDER, "spool");
const SUBMISSION = "s0123456789abcdefghijklmno";
const WORK_DIR = `/scratch/o'brien/re px/submissions/${SUBMISSION}`;

beforeEach(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(SPOOL, { recursive: true });
});
afterAll(async () => rm(FOLDER, { recursive: true, force: true }));

/** As slurmctld starts it: no PATH, nothing but its own variables. */
async function ring(environment: Readonly<Record<string, string>>): Promise<number> {
  const settings = Object.entries({ REPX_SPOOL: SPOOL, ...environment }).map(([name, value]) => `${name}=${value}`);
  const { exitCode, stdout, stderr } = await tryCommand(["env", "-i", ...settings, PROGRAM]);
  expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
  return exitCode;
}

async function readBell(name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(SPOOL, name), "utf8"));
}

const SLURMCTLD = {
  SLURM_JOB_ID: "1013",
  SLURM_JOB_WORK_DIR: WORK_DIR,
  SLURM_JOB_EXIT_CODE2: "3:0",
  SLURM_JOB_RESTART_COUNT: "2",
};
const JOBCOMP = {
  JOBID: "1013",
  WORK_DIR,
  EXITCODE: "0:9",
  JOBSTATE: "FAILED",
  ARRAYJOBID: "0",
  ARRAYTASKID: "4294967294",
};

test.each([
  { what: "EpilogSlurmctld", environment: SLURMCTLD, id: "1013", more: "2", hook: "epilogctld", exit: "3:0" },
  {
    what: "EpilogSlurmctld of an array's task",
    environment: { ...SLURMCTLD, SLURM_ARRAY_JOB_ID: "1000", SLURM_ARRAY_TASK_ID: "13" },
    id: "1000_13",
    more: "2",
    hook: "epilogctld",
    exit: "3:0",
  },
  { what: "jobcomp/script", environment: JOBCOMP, id: "1013", more: "n", hook: "jobcomp", exit: "0:9" },
  {
    what: "jobcomp/script of an array's task",
    environment: { ...JOBCOMP, ARRAYJOBID: "1000", ARRAYTASKID: "0" },
    id: "1000_0",
    more: "n",
    hook: "jobcomp",
    exit: "0:9",
  },
])("$what rings once, with what was checked", async ({ environment, id, more, hook, exit }) => {
  expect(await ring(environment)).toBe(0);
  const name = `${SUBMISSION}.${id}.${more}`;
  expect(await readdir(SPOOL)).toEqual([name]);
  const at = expect.stringMatching(/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(await readBell(name)).toEqual({ submission: SUBMISSION, slurmId: id, hook, at, exit });
  expect((await runCommand(["stat", "-c", "%a", join(SPOOL, name)])).stdout).toBe("644\n");
});

test("I-21: slurmctld that starts again and repeats itself leaves one bell", async () => {
  for (const _ of [1, 2, 3]) expect(await ring(SLURMCTLD)).toBe(0);
  expect(await readdir(SPOOL)).toEqual([`${SUBMISSION}.1013.2`]);
});

test.each([
  { what: "a folder that is no submission", change: { SLURM_JOB_WORK_DIR: "/home/somebody/work" } },
  { what: "a submission id with a newline", change: { SLURM_JOB_WORK_DIR: "/x/s0123456789\n9abcdefghijklmno" } },
  { what: "a submission id with a blank", change: { SLURM_JOB_WORK_DIR: "/x/s0123456789 9abcdefghijklmno" } },
  { what: "a submission id in capitals", change: { SLURM_JOB_WORK_DIR: "/x/s0123456789ABCDEFGHIJKLMNO" } },
  { what: "a folder that ends in a slash", change: { SLURM_JOB_WORK_DIR: `${WORK_DIR}/` } },
  { what: "a folder that ends in ..", change: { SLURM_JOB_WORK_DIR: `${WORK_DIR}/..` } },
  { what: "no folder", change: { SLURM_JOB_WORK_DIR: "" } },
  { what: "a job id that is a path", change: { SLURM_JOB_ID: "../../etc/passwd" } },
  { what: "a job id with a command", change: { SLURM_JOB_ID: "1$(touch /tmp/repx-epilog-test/owned)" } },
  { what: "a job id of many digits", change: { SLURM_JOB_ID: "1".repeat(4000) } },
])("$what rings nothing and still ends with 0", async ({ change }) => {
  expect(await ring({ ...SLURMCTLD, ...change })).toBe(0);
  expect(await readdir(SPOOL)).toEqual([]);
  expect(await readdir(FOLDER)).toEqual(["spool"]);
});

test("a hostile exit code, restart count or task is left out", async () => {
  const hostile = {
    SLURM_JOB_EXIT_CODE2: '"},{"',
    SLURM_JOB_RESTART_COUNT: "../x",
    SLURM_ARRAY_JOB_ID: "7",
    SLURM_ARRAY_TASK_ID: "a/b",
  };
  expect(await ring({ ...SLURMCTLD, ...hostile })).toBe(0);
  expect(await readdir(SPOOL)).toEqual([`${SUBMISSION}.1013.n`]);
  expect(await readBell(`${SUBMISSION}.1013.n`)).toMatchObject({ slurmId: "1013", exit: "" });
});

test("an empty environment ends with 0", async () => {
  const { exitCode } = await tryCommand(["env", "-i", PROGRAM]);
  expect(exitCode).toBe(0);
});

test("I-19: a spool that is missing, closed or full ends with 0", async () => {
  expect(await ring({ ...SLURMCTLD, REPX_SPOOL: join(FOLDER, "absent") })).toBe(0);
  expect(await ring({ ...SLURMCTLD, REPX_SPOOL: "/proc/1" })).toBe(0);
  await runCommand(["mount", "-t", "tmpfs", "-o", "size=4k", "repx-test", SPOOL]);
  try {
    await tryCommand(["dd", "if=/dev/zero", `of=${SPOOL}/fill`, "bs=1k"]);
    expect(await ring(SLURMCTLD)).toBe(0);
    expect(await readdir(SPOOL)).toEqual(["fill"]);
  } finally {
    await runCommand(["umount", SPOOL]);
  }
});

// What lies under the name that the hook makes next; `exec` keeps the process, so $$ is the hook's.
test.each(["ln -s ../canary", "ln -s /dev/full", "mkfifo", "mkdir"])(
  "what somebody planted in the spool (%s) is neither followed nor waited for",
  async (plant) => {
    await writeFile(join(FOLDER, "canary"), "");
    const settings = Object.entries({ REPX_SPOOL: SPOOL, ...SLURMCTLD }).map(([name, value]) => `${name}=${value}`);
    const script = `cd ${SPOOL} && ${plant} ".${SUBMISSION}.1013.2.$$" && exec env -i "$@" ${PROGRAM}`;
    expect((await tryCommand(["sh", "-c", script, "sh", ...settings], { timeoutSeconds: 10 })).exitCode).toBe(0);
    expect(await readFile(join(FOLDER, "canary"), "utf8")).toBe("");
    expect((await readdir(SPOOL)).filter((name) => !name.startsWith("."))).toEqual([]);
  },
);

test("I-18: it asks no network and opens no path of a job's, whoever it runs as", async () => {
  const work = join(FOLDER, "work", SUBMISSION);
  await mkdir(work, { recursive: true });
  await chown(SPOOL, 1, 1);
  // The checkout may lie where nobody else comes.
  const program = join(FOLDER, "repx-epilog");
  await cp(PROGRAM, program);
  const settings = { REPX_SPOOL: SPOOL, ...SLURMCTLD, SLURM_JOB_ID: "1010", SLURM_JOB_WORK_DIR: work };
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const calls = "trace=%file,%network,chdir,fchdir";
  for (const prefix of [[], ["setpriv", "--reuid=1", "--regid=1", "--clear-groups"]]) {
    const { stderr } = await runCommand([
      ...prefix,
      "strace",
      "-f",
      "-qq",
      "-e",
      calls,
      "env",
      "-i",
      ...words,
      program,
    ]);
    const lines = stderr.split("\n").filter((line) => !line.includes("execve(") && line.includes("("));
    expect(lines.length).toBeGreaterThan(10);
    const paths = lines.flatMap((line) => [...line.matchAll(/"([^"]*)"/g)].map((found) => found[1] ?? ""));
    const isSystem =
      /^\/($|selinux$|etc\/(ld\.so|localtime|selinux)|lib|usr\/|dev\/null$|proc\/(self|filesystems|mounts)|sys\/fs\/selinux)/;
    const isOwn = (path: string) => path === SPOOL || path === program || path === "." || !path.startsWith("/");
    expect(paths.filter((path) => !isSystem.test(path) && !isOwn(path))).toEqual([]);
    expect(lines.filter((line) => /(socket|connect|sendto)\(/.test(line))).toEqual([]);
  }
  expect(await readdir(SPOOL)).toEqual([`${SUBMISSION}.1010.2`]);
});

test("bells older than a day go, by a child that outlives the program's process group", async () => {
  const old = join(SPOOL, `${SUBMISSION}.9.0`);
  const young = `${SUBMISSION}.8.0`;
  const foreign = "README";
  for (const name of [old, join(SPOOL, young), join(SPOOL, foreign)]) await writeFile(name, "{}\n");
  const then = new Date(Date.now() - 25 * 3600 * 1000);
  for (const name of [old, join(SPOOL, foreign)]) await utimes(name, then, then);
  const settings = Object.entries({ REPX_SPOOL: SPOOL, ...SLURMCTLD, SLURM_JOB_ID: "1010" }).map(
    ([name, value]) => `${name}=${value}`,
  );
  // What slurmctld does as the script exits.
  const script = `setsid -w sh -c '"$@"; kill -KILL -$$' sh env -i "$@" ${PROGRAM}`;
  await tryCommand(["bash", "-c", script, "bash", ...settings]);
  await waitUntil({ what: "the old bell to go", timeoutSeconds: 10 }, async () => (await readdir(SPOOL)).length === 3);
  expect((await readdir(SPOOL)).toSorted()).toEqual([foreign, `${SUBMISSION}.1010.2`, young].toSorted());
});

test("twenty bells in a row, and what one takes", async () => {
  const began = performance.now();
  for (let job = 1; job <= 20; job += 1) expect(await ring({ ...SLURMCTLD, SLURM_JOB_ID: String(job) })).toBe(0);
  console.log(`repx-epilog: ${((performance.now() - began) / 20).toFixed(1)} ms a call, with the start of env`);
  expect(await readdir(SPOOL)).toHaveLength(20);
});
