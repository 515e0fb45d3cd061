// `repx run`, `status`, `wait`, `log`, `cancel`, `retry` without a coordinator: real sshd, real SLURM.
import { chown, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import * as z from "zod";
import { tryCommand, type CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { GENERATE_1, GENERATE_2, PLOT, startSlurmStand, SUM, type SlurmStand } from "./slurm-stand.ts";

let stand: SlurmStand;

beforeAll(async () => {
  stand = await startSlurmStand("submissions");
});
afterAll(async () => stand?.[Symbol.asyncDispose]());
beforeEach(async () => {
  onTestFailed(async () => console.log(await stand.cluster.readLogs()));
  await stand.cluster.run(["scancel", "--user", stand.user.name]);
  await waitUntil({ what: "the queue to be empty", timeoutSeconds: 30 }, async () => (await listQueue()) === "");
  await stand.user.endProcessesOf(stand.cluster.conf);
  await rm(stand.basePath, { recursive: true, force: true });
  await mkdir(stand.basePath);
  await chown(stand.basePath, stand.user.uid, stand.user.gid);
});

async function listQueue(): Promise<string> {
  return (await stand.cluster.run(["squeue", "--noheader", "--format=%i %T"])).stdout;
}

const Job = z.object({ id: z.string(), state: z.string(), slurmId: z.string().nullable() });
const Status = z.object({
  submission: z.string(),
  concluded: z.boolean(),
  scheduler: z.object({ up: z.boolean(), seenAt: z.string().nullable() }),
  relayAlive: z.boolean(),
  jobs: z.array(Job),
});

function readStates({ stdout }: CommandOutput): Record<string, string> {
  const { jobs } = Status.parse(JSON.parse(stdout));
  return Object.fromEntries(jobs.map(({ id, state }) => [id, state]));
}

/** Submits and answers the submission's id. */
async function submit(lab: string, ...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await stand.repx("run", "--lab", lab, "--json", ...words);
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}\n${stderr}`);
  return z.object({ submission: z.string() }).parse(JSON.parse(stdout)).submission;
}

async function waitForStates(expected: Readonly<Record<string, string>>): Promise<void> {
  await waitUntil({ what: JSON.stringify(expected), timeoutSeconds: 60, intervalMs: 300 }, async () => {
    const states = readStates(await stand.repx("status", "--json"));
    return Object.entries(expected).every(([id, state]) => states[id] === state);
  });
}

/** Until `log -f` reads the first job's log on the target. */
async function waitForFollower(): Promise<void> {
  await waitUntil(
    { what: "the follower", timeoutSeconds: 30 },
    async () => (await tryCommand(["pgrep", "-f", `tail -c .*${GENERATE_1}`])).stdout !== "",
  );
}

/** The words in code in a command's row of the table under "JSON". */
async function readDocumentedKeys(command: string): Promise<string[]> {
  const page = await readFile(join(REPOSITORY_ROOT, "docs/cli.md"), "utf8");
  const line = page.split("\n").find((text) => text.startsWith(`| \`${command}\` |`)) ?? "";
  return [...line.matchAll(/`(\w+)`/g)].map(([, word = ""]) => word);
}

test("a run without a coordinator is waited for, leaves no token, and is not run twice", async () => {
  const lab = await stand.writeLab({});
  const first = await stand.repx("run", "--lab", lab, "--wait", "--json");
  expect(first).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^submit +4 jobs in \d arrays: SLURM /m) });
  const states = readStates(first);
  expect(states).toEqual({
    [GENERATE_1]: "succeeded",
    [GENERATE_2]: "succeeded",
    [SUM]: "succeeded",
    [PLOT]: "succeeded",
  });
  const [id = "", ...others] = await readdir(stand.submissions);
  expect([others, id]).toEqual([[], expect.stringMatching(/^s[0-9a-z]{25}$/)]);
  const names = await readdir(join(stand.submissions, id));
  expect(names).not.toContain("token");
  expect(names).not.toContain("coordinator");

  const again = await stand.repx("run", "--lab", lab, "simulation");
  expect(again).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(
      /^All 3 jobs of simulation have succeeded already on cluster .*: nothing was submitted\.\n$/,
    ),
  });
  expect(await readdir(stand.submissions)).toEqual([id]);
  for (const line of ["run --lab LAB", "status", "status --all", "wait", "cancel", `log ${SUM}`]) {
    const { stdout } = await stand.repx(...line.replace("LAB", lab).split(" "), "--json");
    const [command = ""] = line.split(/ (?!--all)/);
    const { target: _, ...told } = z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
    expect([command, await readDocumentedKeys(command)]).toEqual([command, expect.arrayContaining(Object.keys(told))]);
  }
});

test("a stage that fails is told with its exit code, its log tells why, and retry runs what did not succeed", async () => {
  const lab = await stand.writeLab({
    generate2: `[ -e ${stand.basePath}/mended ] || { echo "no such field" >&2; exit 3; }`,
  });
  const run = await stand.repx("run", "--lab", lab, "--wait");
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toMatch(/^simulation: failed: 2 of 3 jobs \(1 failed, 1 not run\)$/m);
  expect(run.stdout).toMatch(new RegExp(`${GENERATE_2} +generate-1.1 +failed, exit code 3 `));
  expect(run.stderr).toMatch(/^3 of 4 jobs ended|^\d of 4 jobs ended/m);
  expect(await stand.repx("wait")).toMatchObject({ exitCode: 1 });
  const log = await stand.repx("log", GENERATE_2.slice(0, 6), "--stderr");
  expect(log).toMatchObject({ exitCode: 0, stdout: "no such field\n" });
  const unbegun = await stand.repx("log", SUM.slice(0, 8));
  expect(unbegun).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("it has not begun") });

  await writeFile(join(stand.basePath, "mended"), "");
  const retry = await stand.repx("retry", "--wait", "--json");
  expect(retry.exitCode).toBe(0);
  expect(readStates(retry)).toEqual({
    [GENERATE_1]: "reused",
    [GENERATE_2]: "succeeded",
    [SUM]: "succeeded",
    [PLOT]: "succeeded",
  });
  const earlier = await stand.repx("log", GENERATE_2, "--attempt", "1", "--stderr", "--json");
  expect(JSON.parse(earlier.stdout)).toMatchObject({ attempt: 1, text: "no such field\n" });
  const { stdout } = await stand.repx("status", "--all", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    total: 2,
    submissions: [
      { concluded: true, runs: [{ verdict: "passed" }, { verdict: "passed" }] },
      { concluded: true, runs: [{ verdict: "failed" }, { verdict: "failed" }] },
    ],
  });
});

test("a dry run says what would run and why, and leaves nothing; forced jobs run again, a revision once", async () => {
  const lab = await stand.writeLab({});
  const plan = await stand.repx("run", "--lab", lab, "--dry-run");
  expect(plan).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^4 jobs: 4 to run/) });
  expect(plan.stdout).toContain("first time");
  expect(await readdir(stand.basePath)).toEqual([]);

  expect(await stand.repx("run", "--lab", lab, "--wait")).toMatchObject({ exitCode: 0 });
  const done = await stand.repx("run", "--lab", lab, "--dry-run", "--json");
  expect(JSON.parse(done.stdout)).toMatchObject({ dryRun: true, counts: { total: 4, run: 0, wait: 0, reuse: 4 } });
  const forced = await stand.repx("run", GENERATE_1, "--lab", lab, "--force", "--wait", "--json");
  expect(forced.exitCode).toBe(0);
  expect(readStates(forced)).toEqual({ [GENERATE_1]: "succeeded" });
  const revised = await stand.repx("run", GENERATE_1, "--lab", lab, "--rev", "2", "--wait", "--json");
  expect(readStates(revised)).toEqual({ [GENERATE_1]: "succeeded" });
  const again = await stand.repx("run", GENERATE_1, "--lab", lab, "--rev", "2", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ submission: null, submitted: 0, reused: 1 });
  expect(await readdir(join(stand.basePath, "outputs", GENERATE_1, "repx/attempts"))).toEqual(["1", "2"]);
});

test("I-45: without slurmdbd, cancelling takes back what runs and what waits, says who waits for it, and may be done twice", async () => {
  const lab = await stand.writeLab({ generate1: "sleep 100", generate2: "sleep 100" });
  const id = await submit(lab);
  await waitForStates({ [GENERATE_1]: "running", [GENERATE_2]: "running", [SUM]: "queued" });
  expect(await stand.repx("retry")).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("error[SUBMISSION_OPEN]"),
  });
  const one = await stand.repx("cancel", GENERATE_1.slice(0, 8), "--json");
  expect(JSON.parse(one.stdout)).toMatchObject({
    submissions: [{ submission: id, cancelled: [GENERATE_1], waiting: [SUM, PLOT], kept: [] }],
  });
  await waitForStates({ [GENERATE_1]: "cancelled", [GENERATE_2]: "running" });
  const rest = await stand.repx("cancel", id.slice(0, 10));
  expect(rest).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`of submission ${id}:\n`) });
  expect(await stand.repx("wait", id, "--json")).toMatchObject({ exitCode: 1 });
  expect(await listQueue()).toBe("");
  const twice = await stand.repx("cancel");
  expect(twice).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Nothing to cancel") });
});

test("a job that is cancelled while it is pending is told, and its relay's death changes nothing of the truth", async () => {
  const lab = await stand.writeLab({ generate1: "sleep 8" });
  await stand.cluster.setNodeState(stand.cluster.nodes[0] ?? "", "drain");
  try {
    const id = await submit(lab);
    await killRelay(id);
    expect(readStates(await stand.repx("status", "--json"))).toMatchObject({ [GENERATE_1]: "queued", [SUM]: "queued" });
    await killRelay(id);
    await stand.repx("cancel", GENERATE_2);
    const waits = await stand.repx("status");
    expect(waits.stdout).toMatch(/waits: .*(Resources|Nodes|ReqNodeNotAvail|Dependency)/);
    // SLURM drops what waits for an array when the whole array has ended.
    await waitForStates({ [GENERATE_2]: "cancelled", [SUM]: "queued" });
    await killRelay(id);
  } finally {
    await stand.cluster.setNodeState(stand.cluster.nodes[0] ?? "", "resume");
  }
  await waitForStates({ [GENERATE_1]: "running" });
  expect(await stand.repx("wait")).toMatchObject({ exitCode: 1 });
  const states = { [GENERATE_1]: "succeeded", [GENERATE_2]: "cancelled", [SUM]: "skipped", [PLOT]: "skipped" };
  expect(readStates(await stand.repx("status", "--json"))).toEqual(states);
});

/** As an administrator's broom does, or the end of the login node; one that a look has just started is waited for. */
async function killRelay(id: string): Promise<void> {
  await waitUntil({ what: "a relay to kill", timeoutSeconds: 20 }, async () => {
    const text = await readFile(join(stand.submissions, id, "relay.pid"), "utf8").catch(() => "");
    return (await tryCommand(["kill", "-9", text.split(" ")[0] ?? ""])).exitCode === 0;
  });
}

test("while slurmctld is down status tells what was known, and ends with 4", async () => {
  const lab = await stand.writeLab({ generate1: "sleep 60" });
  const id = await submit(lab);
  await waitForStates({ [GENERATE_1]: "running", [GENERATE_2]: "succeeded" });
  // What one look found is known to the next one when the relay has seen it, too.
  await waitUntil({ what: "the relay to keep the end", timeoutSeconds: 30 }, async () =>
    (await readFile(join(stand.submissions, id, "events.ndjson"), "utf8").catch(() => "")).includes(
      `.COMPLETED","job":"${GENERATE_2}"`,
    ),
  );
  await stand.cluster.stopController();
  try {
    const status = await stand.repx("status", "--json");
    expect(status).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining("error[SLURM_UNREACHABLE]: the scheduler does not"),
    });
    const told = Status.parse(JSON.parse(status.stdout));
    expect(told.scheduler).toEqual(expect.objectContaining({ up: false, seenAt: expect.stringMatching(/^20/) }));
    expect(readStates(status)).toMatchObject({ [GENERATE_2]: "succeeded", [SUM]: "queued" });
    const cancel = await stand.repx("cancel");
    expect(cancel).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("error[SLURM_UNREACHABLE]") });
  } finally {
    await stand.cluster.startController();
  }
});

test("a wait that loses its connection goes on when the target is back", async () => {
  const lab = await stand.writeLab({ generate1: "sleep 12" });
  const id = await submit(lab, "simulation");
  const waiting = stand.repx("wait", id);
  await waitForStates({ [GENERATE_1]: "running" });
  await stand.ssh.stop();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await stand.ssh.start();
  const { exitCode, stdout, stderr } = await waiting;
  expect(stdout).toContain("simulation: passed: 3 jobs");
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/; trying again/)]);
});

test("a log is followed until its job has ended, over a lost connection, without a byte lost or doubled", async () => {
  const lab = await stand.writeLab({ generate1: "for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 2; done" });
  await submit(lab, "simulation");
  const following = stand.repx("log", GENERATE_1, "--follow");
  await waitForFollower();
  await stand.ssh.stop();
  await stand.ssh.start();
  const { exitCode, stdout } = await following;
  expect([exitCode, stdout]).toEqual([0, [1, 2, 3, 4, 5, 6, 7, 8].map((nth) => `line ${nth}\n`).join("")]);
  expect((await stand.repx("log", GENERATE_1, "-n", "2")).stdout).toBe("line 7\nline 8\n");
});

test("of a job that is tried again the new attempt's log is followed, once it begins", async () => {
  const gate = join(stand.basePath, "gate");
  const lab = await stand.writeLab({ generate1: `[ -e ${gate} ] || { echo first; exit 3; }; echo second` });
  expect((await stand.repx("run", "--lab", lab, "simulation", "--wait")).exitCode).toBe(1);
  await writeFile(gate, "");
  for (const node of stand.cluster.nodes) await stand.cluster.setNodeState(node, "drain");
  const resume = async () => {
    for (const node of stand.cluster.nodes) await stand.cluster.setNodeState(node, "resume");
  };
  try {
    await submit(lab, "simulation");
    const following = stand.repx("log", GENERATE_1, "-f");
    await waitUntil(
      { what: "the follower", timeoutSeconds: 30 },
      async () => (await tryCommand(["pgrep", "-f", `is_current.*${GENERATE_1}`])).stdout !== "",
    );
    await resume();
    expect(await following).toMatchObject({ exitCode: 0, stdout: "second\n" });
  } finally {
    await resume();
  }
});

test("a log of a job that is killed is followed to its end, for SLURM knows of it", async () => {
  const lab = await stand.writeLab({ generate1: "echo begun; sleep 300" });
  await submit(lab, "simulation");
  await waitForStates({ [GENERATE_1]: "running" });
  const following = stand.repx("log", GENERATE_1, "-f");
  await waitForFollower();
  await stand.cluster.run(["scancel", "--signal=KILL", "--full", "--user", stand.user.name]);
  expect(await following).toMatchObject({ exitCode: 0, stdout: "begun\n" });
});

test("on a terminal the table is drawn anew, and Ctrl-C leaves the jobs running", async () => {
  const lab = await stand.writeLab({ generate1: "sleep 60" });
  const id = await submit(lab);
  const shown = await stand.repxOnTerminal(["wait"], [{ when: " for ", type: "\u0003" }]);
  expect(shown).toContain(`Submission ${id} on cluster`);
  expect(shown).toContain("The jobs run on. Wait again with `repx wait`.");
  const lines = stripVTControlCharacters(shown.replaceAll(/.\[A|.\[K/g, "\n")).split(/[\r\n]+/);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(readStates(await stand.repx("status", "--json"))).toMatchObject({ [GENERATE_1]: "running" });
});

describe("what cannot be done is refused", () => {
  test.each([
    [["status", "szzz"], 2, "SUBMISSION_UNKNOWN", "`repx status --all`"],
    [["wait"], 2, "SUBMISSION_UNKNOWN", "`repx run`"],
    [["status", "zzz"], 2, "INPUT_INVALID", "`s` and 25 letters"],
    [["status", "s1", "--all"], 2, "INPUT_INVALID", "leave it out"],
    [["wait", "--timeout", "1x"], 2, "INPUT_INVALID", "--timeout 2h"],
    [["log", "../x"], 2, "INPUT_INVALID", "stage and its version"],
    [["log", "0123"], 2, "LAB_JOB_UNKNOWN", "`repx status`"],
    [["log", "0123", "-f", "--json"], 2, "INPUT_INVALID", "last attempt, as text"],
    [["cancel", "0123"], 2, "LAB_JOB_UNKNOWN", "`repx status --json`"],
  ])("%j ends with %i and %s", async (words, status, code, hint) => {
    const { exitCode, stdout, stderr } = await stand.repx(...words);
    expect([exitCode, stdout]).toEqual([status, ""]);
    expect(stderr).toContain(`error[${code}]: `);
    expect(stderr).toContain(hint);
  });

  test("a submission whose files are damaged, or whose Lab is gone", async () => {
    const lab = await stand.writeLab({ generate2: "exit 1" });
    expect(await stand.repx("run", "simulation", "--lab", lab, "--wait")).toMatchObject({ exitCode: 1 });
    await rm(lab, { recursive: true });
    const retry = await stand.repx("retry");
    expect(retry).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("error[LAB_MISSING]") });
    expect(retry.stderr).toContain("`repx run simulation`");
    const [found = ""] = await readdir(stand.submissions);
    await writeFile(join(stand.submissions, found, "plan.json"), "{}");
    const status = await stand.repx("status");
    expect(status).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("error[SUBMISSION_UNREADABLE]") });
  });

  test("waiting for longer than it was told to", async () => {
    const lab = await stand.writeLab({ generate1: "sleep 60" });
    await submit(lab);
    const wait = await stand.repx("wait", "--timeout", "1s");
    expect(wait).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("error[SUBMISSION_OPEN]: after 1 s") });
  });
});
