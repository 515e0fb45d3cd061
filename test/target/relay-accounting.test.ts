import { rm } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { readState } from "../../packages/core/src/model/job-state.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { accountingOf, waitForAccounting } from "./accounting-stand.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// What a real slurmdbd adds to the queue's word, while SLURM still knows the job.

const FOLDER = "/tmp/repx-relay-accounting";

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: FOLDER, user, nodes: 1, cpusPerNode: 8, hasAccounting: true });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  onTestFailed(async () => console.log(receiver.events, await submission.readLog()));
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm(FOLDER, { recursive: true, force: true });
});

async function startRelay() {
  return submission.startRelay({ REPX_SWEEP_SECONDS: "1", REPX_RECORD_SECONDS: "60" });
}

async function waitForEvent(slurmId: string, state: string): Promise<void> {
  await waitUntil({ what: `${slurmId} to be told as ${state}`, timeoutSeconds: 40 }, async () =>
    receiver.events.some((event) => event.slurmId === slurmId && event.state === state),
  );
}

test("I-05: a pending job that uid 0 took away is the infrastructure's failure", async () => {
  await using relay = await startRelay();
  const { slurmId } = await submission.submit([{ stage: "held", script: "true" }], ["--hold"]);
  await submission.finish();
  await cluster.run(["scancel", slurmId]);
  expect(await relay.waitForEnd(40)).toBe(0);
  const [end] = receiver.events;
  expect(end).toMatchObject({ state: "CANCELLED", reason: "CancelledBy:0", elapsedSeconds: 0 });
  expect(end === undefined ? undefined : readState(end)).toBe("infrastructure");
});

test("I-15: the reason of a failed job is taken from its step, of the last attempt alone", async () => {
  await using relay = await startRelay();
  const greedy = `srun -n1 sh -c "head -c 200000000 /dev/zero | tail >/dev/null"; exit 1`;
  const order = [
    { stage: "greedy", script: greedy },
    { stage: "mended", script: `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { ${greedy}; }; exit 1` },
  ];
  const { slurmId } = await submission.submit(order, ["--mem=40M"]);
  await waitForEvent(`${slurmId}_1`, "FAILED");
  await waitForEvent(`${slurmId}_2`, "FAILED");
  await cluster.run(["scontrol", "requeue", `${slurmId}_2`]);
  await waitUntil({ what: "the second attempt to be told", timeoutSeconds: 20 }, async () =>
    receiver.events.some((event) => event.attempt === 2),
  );
  await submission.finish();
  expect(await relay.waitForEnd(60)).toBe(0);
  const ends = receiver.events.filter((event) => event.state === "FAILED");
  const held = cluster.hasCgroup ? "OutOfMemory out_of_memory" : "NonZeroExitCode failed";
  expect(ends.map((end) => `${end.slurmId} ${end.attempt} ${end.reason} ${readState(end)}`).toSorted()).toEqual([
    `${slurmId}_1 1 ${held}`,
    `${slurmId}_2 1 ${held}`,
    `${slurmId}_2 2 NonZeroExitCode failed`,
  ]);
});

test("a failed job without a record of its own tells the peak that accounting saw, in the one question about it", async () => {
  const eats = "{ head -c 90000000 /dev/zero; sleep 3; } | tail -n 1 >/dev/null; exit 3";
  await submission.submit([{ stage: "bare", script: "" }], ["--mem=200M"], `sh -c '${eats}'`);
  await submission.finish();
  await using relay = await submission.startRelay({ REPX_SWEEP_SECONDS: "1", REPX_RECORD_SECONDS: "4" });
  expect(await relay.waitForEnd(60)).toBe(0);
  const end = receiver.events.at(-1);
  expect(end).toMatchObject({ state: "FAILED", exitCode: 3, cpus: 1, nodes: 1, memoryMebibytes: 200 });
  expect(end?.peakMebibytes).toBeGreaterThan(80);
  expect(end?.peakMebibytes).toBeLessThan(130);
});

async function submitLong(): Promise<string> {
  const script = 'touch "$1/runs"; sleep 300 & wait';
  const { slurmId, ids } = await submission.submit([{ stage: "long", script }]);
  await submission.finish();
  await waitUntil({ what: "the job to run", timeoutSeconds: 20 }, async () =>
    submission.target.read(ids[0] ?? "", "out/runs"),
  );
  return slurmId;
}

test("who cancelled a running job is waited for where slurmdbd has yet to hear of it, and told as the reason", async () => {
  const slurmId = await submitLong();
  await accountingOf(cluster).killDaemon();
  await user.run(["scancel", slurmId], { environment: cluster.environment });
  // It answers at once, and knows of a job that runs.
  await accountingOf(cluster).startDaemon();
  await using relay = await startRelay();
  expect(await relay.waitForEnd(90)).toBe(0);
  const end = { state: "CANCELLED", reason: `CancelledBy:${user.uid}`, signal: 15 };
  expect(receiver.events.at(-1)).toMatchObject(end);
});

test.each([
  { what: "slurmdbd is dead", takeAway: "killDaemon", giveBack: "startDaemon" },
  { what: "the database hangs", takeAway: "freeze", giveBack: "resume" },
] as const)("while $what a job's end is told, but not who cancelled it", async ({ takeAway, giveBack }) => {
  const accounting = accountingOf(cluster);
  const slurmId = await submitLong();
  await accounting[takeAway]();
  try {
    await user.run(["scancel", slurmId], { environment: cluster.environment });
    await using relay = await startRelay();
    expect(await relay.waitForEnd(60)).toBe(0);
  } finally {
    await accounting[giveBack]();
  }
  expect(receiver.events.at(-1)).toMatchObject({ state: "CANCELLED", signal: 15, marker: "FAIL" });
  expect(receiver.events.at(-1)?.reason).toBeUndefined();
  expect(await submission.readLog()).toContain("sacct failed, waiting for it");
  await waitForAccounting(cluster, [slurmId]);
});
