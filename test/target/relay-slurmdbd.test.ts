import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { SYSTEM_PATH } from "../harness/command.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { accountingOf, waitForAccounting, waitUntilForgotten } from "./accounting-stand.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// SLURM has forgotten the jobs (MinJobAge) when the relay looks: a real slurmdbd alone knows how they ended.

const FOLDER = "/tmp/repx-relay-slurmdbd";
const CONF = `MinJobAge=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=urgent Nodes=ALL PriorityTier=10 DefMemPerCPU=100 PreemptMode=OFF
PartitionName=patient Nodes=ALL PriorityTier=1 DefMemPerCPU=100 PreemptMode=REQUEUE
`;
const QUICK = { REPX_SWEEP_SECONDS: "1", REPX_LOST_SECONDS: "4", REPX_MARKER_SECONDS: "2", REPX_RECORD_SECONDS: "2" };
// tail keeps a line that has no end; accounting looks every second.
const HUNGRY = "{ head -c 90000000 /dev/zero; sleep 3; } | tail -n 1 >/dev/null";
const ONCE_LONG = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { sleep 300 & wait; }`;

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  const options = { nodes: 3, cpusPerNode: 16, hasAccounting: true, extraConf: CONF };
  cluster = await startSlurmCluster({ folder: FOLDER, user, ...options });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  onTestFailed(async () => console.log(receiver.events, await submission.readLog()));
});
afterEach(async () => {
  await user.endProcessesOf(cluster.conf);
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm(FOLDER, { recursive: true, force: true });
});

function storyOf(stage: string): string[] {
  const events = receiver.events.filter((event) => event.job.endsWith(`-${stage}-1.0`));
  return events.map((event) => `${event.attempt} ${event.state}`).toSorted();
}

function endOf(stage: string) {
  return receiver.events.findLast((event) => event.job.endsWith(`-${stage}-1.0`));
}

function on(node: string, ...more: readonly string[]): readonly string[] {
  return ["-w", node, ...more];
}

/** One job that leaves no record of its own: only SLURM knows of it. */
async function submitBare(stage: string, script: string, options: readonly string[] = []): Promise<string> {
  return (await submission.submit([{ stage, script: "" }], options, `sh -c '${script}'`)).slurmId;
}

async function waitForState(slurmId: string, state: string): Promise<void> {
  await waitUntil({ what: `${slurmId} to be ${state}`, timeoutSeconds: 40 }, async () => {
    const argv = ["squeue", "-h", "-t", "all", "-j", slurmId, "-o", "%T"];
    return (await cluster.run(argv).catch(() => ({ stdout: "" }))).stdout.trim() === state;
  });
}

async function forget(slurmIds: readonly string[]): Promise<void> {
  await submission.finish();
  await waitUntilForgotten(cluster, user);
  await waitForAccounting(cluster, slurmIds);
}

test("I-04, I-06, I-13: every end that SLURM has forgotten is told as accounting knows it, of the last attempt alone", async () => {
  const [node = "", lost = "", taken = ""] = cluster.nodes;
  const long = "sleep 300 & wait";
  const ids = {
    good: await submitBare("good", "exit 0", on(node)),
    bad: await submitBare("bad", "exit 3", on(node)),
    late: await submitBare("late", long, on(node, "--time=5")),
    killed: await submitBare("killed", long, on(node)),
    again: await submitBare("again", ONCE_LONG, on(node, "--requeue")),
    lost: await submitBare("lost", long, on(lost, "--no-requeue")),
    preempted: await submitBare("preempted", ONCE_LONG, on(taken, "--partition=patient", "-c", "9")),
  };
  const held = await submission.submit(
    ["held-a", "held-b", "held-c"].map((stage) => ({ stage, script: "" })),
    ["--hold", "--array=1-3%1"],
  );
  for (const id of [ids.late, ids.killed, ids.again, ids.lost, ids.preempted]) await waitForState(id, "RUNNING");
  await submitBare("urgent", "sleep 1", on(taken, "--partition=urgent", "-c", "9"));
  await user.run(["scancel", ids.killed], { environment: cluster.environment });
  await cluster.run(["scontrol", "requeue", `${ids.again}_1`]);
  await cluster.run(["scancel", held.slurmId]);
  await cluster.setNodeState(lost, "down");
  await waitUntil({ what: "SLURM to take the new end", timeoutSeconds: 10, intervalMs: 500 }, async () =>
    cluster.run(["scontrol", "update", `jobid=${ids.late}_1`, "endtime=now"]).catch(() => undefined),
  );
  await forget([...Object.values(ids), held.slurmId]);
  await cluster.setNodeState(lost, "resume");
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(40)).toBe(0);
  expect(endOf("good")).toMatchObject({ state: "COMPLETED", attempt: 1, exitCode: 0, node });
  expect(endOf("bad")).toMatchObject({ state: "FAILED", exitCode: 3 });
  expect(endOf("late")).toMatchObject({ state: "TIMEOUT" });
  expect(endOf("killed")).toMatchObject({ state: "CANCELLED", reason: `CancelledBy:${user.uid}`, node });
  expect(endOf("lost")).toMatchObject({ state: "NODE_FAIL", attempt: 1, node: lost });
  for (const stage of ["again", "preempted"]) expect(storyOf(stage)).toEqual(["1 REQUEUED", "2 COMPLETED"]);
  for (const stage of ["held-a", "held-b", "held-c"]) {
    expect(endOf(stage)).toMatchObject({ state: "CANCELLED", reason: "CancelledBy:0" });
  }
}, 180_000);

test("while slurmdbd is dead no end is guessed and the log says so, and when it is back it is waited for and believed", async () => {
  const accounting = accountingOf(cluster);
  await submission.submit([{ stage: "known", script: "echo why >&2; exit 9" }]);
  const bare = await submitBare("bare", "exit 5");
  await accounting.killDaemon();
  await submission.finish();
  await waitUntilForgotten(cluster, user);
  const patient = { ...QUICK, REPX_LOST_SECONDS: "60" };
  await using first = await submission.startRelay(patient);
  await waitUntil({ what: "the record to be told", timeoutSeconds: 30 }, async () => endOf("known"));
  expect(await submission.readLog()).toMatch(/sacct failed, waiting for it: sacct: error: .*Connection refused/);
  expect(endOf("known")).toMatchObject({ state: "FAILED", exitCode: 9, marker: "FAIL", logTail: "why" });
  // As after hours: far longer than a job without a record is waited for where accounting answers.
  await first.kill("SIGKILL");
  const missing = join(submission.target.folder, "relay/missing");
  const [row = ""] = (await readFile(missing, "utf8")).split("\n");
  const [id, , job, restarts] = row.split("\t");
  await writeFile(missing, `${[id, Math.floor(Date.now() / 1000) - 7200, job, restarts].join("\t")}\n`);
  await using second = await submission.startRelay(patient);
  await waitUntil({ what: "sacct to fail again", timeoutSeconds: 30 }, async () =>
    /started.*started.*sacct failed/s.test(await submission.readLog()),
  );
  // It answers at once, but knows of no end: slurmctld tells it only some seconds later.
  await accounting.startDaemon();
  expect(await second.waitForEnd(90)).toBe(0);
  expect(await submission.readLog()).toContain("sacct answers again");
  expect([...storyOf("known"), ...storyOf("bare")]).toEqual(["1 FAILED", "1 FAILED"]);
  expect(endOf("bare")).toMatchObject({ exitCode: 5, slurmId: `${bare}_1` });
});

test("of what SLURM has forgotten, accounting tells what it was given, and the most that its samples saw", async () => {
  const bare = {
    hungry: await submitBare("hungry", HUNGRY, ["--mem=200M", "--cpus-per-task=2"]),
    wide: await submitBare("wide", "exit 3", ["--nodes=2", "--ntasks=6", "--mem=1536M"]),
    held: await submitBare("held", "exit 0", ["--hold"]),
  };
  // A later attempt counts, and a step of the earlier one does not.
  const again = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { ${HUNGRY}; sleep 300; }`;
  const requeued = await submitBare("again", again, ["--mem=200M", "--requeue"]);
  await waitForState(requeued, "RUNNING");
  const seconds = Date.now() + 4000;
  await waitUntil({ what: "a sample", timeoutSeconds: 10 }, async () => Date.now() > seconds);
  await cluster.run(["scontrol", "requeue", `${requeued}_1`]);
  await cluster.run(["scancel", bare.held]);
  await forget([...Object.values(bare), requeued]);
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(40)).toBe(0);
  expect(endOf("hungry")).toMatchObject({ state: "COMPLETED", cpus: 2, nodes: 1, memoryMebibytes: 200 });
  expect(endOf("hungry")?.peakMebibytes).toBeGreaterThan(80);
  expect(endOf("hungry")?.peakMebibytes).toBeLessThan(130);
  expect(endOf("wide")).toMatchObject({ state: "FAILED", cpus: 6, nodes: 2, memoryMebibytes: 1536 });
  expect(endOf("again")).toMatchObject({ state: "COMPLETED", attempt: 2, memoryMebibytes: 200 });
  expect(endOf("again")?.peakMebibytes ?? 0).toBeLessThan(50);
  expect(Object.keys(endOf("held") ?? {}).filter((key) => /cpus|nodes|Mebibytes/.test(key))).toEqual([]);
}, 180_000);

test("I-13: while slurmdbd is dead the pulses go on, and tell how jobs wait", async () => {
  const accounting = accountingOf(cluster);
  await submitBare("bare", "exit 5");
  await waitUntilForgotten(cluster, user);
  const held = await submission.submit([{ stage: "held", script: "exit 0" }], ["--hold"]);
  await submission.finish();
  await accounting.killDaemon();
  try {
    await using relay = await submission.startRelay({ ...QUICK, REPX_PULSE_SECONDS: "2" });
    await waitUntil({ what: "sacct to fail", timeoutSeconds: 30 }, async () =>
      (await submission.readLog()).includes("sacct failed, waiting for it"),
    );
    const count = receiver.pulses.length;
    await waitUntil({ what: "three more pulses", timeoutSeconds: 60 }, async () => receiver.pulses.length > count + 2);
    expect(receiver.pulses.at(-1)?.queue).toEqual([{ reason: "JobHeldUser", jobs: 1 }]);
    // And of what accounting alone knows, nothing is guessed.
    expect(receiver.events).toEqual([]);
    await cluster.run(["scontrol", "release", held.slurmId]);
    await waitUntil(
      { what: "the end that the queue knows", timeoutSeconds: 30 },
      async () => endOf("held")?.state === "COMPLETED",
    );
    expect(endOf("held")).toMatchObject({ state: "COMPLETED", cpus: 1, memoryMebibytes: 100 });
    await relay.kill("SIGKILL");
  } finally {
    await accounting.startDaemon();
  }
});

test("where accounting has half a record, without an end, the job's own one is believed, and without one it counts as lost", async () => {
  const own = await submission.submit([{ stage: "known", script: "exit 9" }]);
  const bare = await submitBare("bare", "exit 5");
  await forget([own.slurmId, bare]);
  const half = "time_end=0, state=1, exit_code=0, tres_alloc=''";
  await accountingOf(cluster).query(
    `UPDATE repx_job_table SET ${half} WHERE id_array_job IN (${own.slurmId}, ${bare})`,
  );
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(40)).toBe(0);
  expect(endOf("known")).toMatchObject({ state: "FAILED", exitCode: 9, marker: "FAIL", cpus: 1, memoryMebibytes: 100 });
  expect(endOf("bare")).toMatchObject({ state: "NODE_FAIL", reason: "NoRecordOfItsEnd" });
});

test("I-11: a job of another year with the same id is none of ours", async () => {
  const bare = await submitBare("bare", "exit 5");
  await forget([bare]);
  const accounting = accountingOf(cluster);
  const columns = (await accounting.query("SHOW COLUMNS FROM repx_job_table")).split("\n");
  const names = columns.map((line) => line.split("\t")[0] ?? "").filter((name) => !["", "job_db_inx"].includes(name));
  const CANCELLED = "4";
  const values = names.map((name) => {
    if (name === "state") return CANCELLED;
    return /^time_(?!suspended)/.test(name) ? `${name} - 365 * 86400` : `\`${name}\``;
  });
  const older = `SELECT ${values.join(", ")} FROM repx_job_table WHERE id_array_job = ${bare}`;
  await accounting.query(`INSERT INTO repx_job_table (\`${names.join("`, `")}\`) ${older}`);
  const all = ["sacct", "-X", "-n", "-P", "-D", "-S", "now-500days", "-j", bare, "-o", "State"];
  expect((await cluster.run(all)).stdout).toMatch(/^CANCELLED.*\nFAILED\n$/);
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(40)).toBe(0);
  expect(storyOf("bare")).toEqual(["1 FAILED"]);
});

test("one look knows the ends of what SLURM has forgotten since the relay was killed, and asks accounting once", async () => {
  const tools = join(submission.target.base, "tools");
  const counting = `#!/bin/sh\nprintf '%s\\n' "$*" >>${tools}/asked\nexec /usr/bin/sacct "$@"\n`;
  await user.run(["mkdir", tools]);
  await writeFile(join(tools, "sacct"), counting, { mode: 0o755 });
  const one = await submission.submit([
    { stage: "good", script: "exit 0" },
    { stage: "bad", script: "exit 7" },
  ]);
  const bare = await submitBare("bare", "exit 0");
  await forget([one.slurmId, bare]);
  const argv = [join(submission.target.programs, "repx-relay"), submission.target.base, submission.target.submission];
  const { stdout } = await user.run([...argv, "--look", "MARK"], {
    environment: { ...cluster.environment, ...QUICK, PATH: `${tools}:${SYSTEM_PATH}` },
  });
  const [, now = ""] = stdout.split(/^MARK now$/m);
  const ids = [...now.matchAll(/^\{"id":"([^"\n]+)"/gm)].map(([, id = ""]) => id);
  expect(ids.toSorted()).toEqual([
    `${one.slurmId}_1.0.COMPLETED`,
    `${one.slurmId}_2.0.FAILED`,
    `${bare}_1.0.COMPLETED`,
  ]);
  expect(await readFile(join(tools, "asked"), "utf8")).toMatch(new RegExp(`^.* -j ${one.slurmId},${bare} .*\\n`));
});
