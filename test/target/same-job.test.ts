import { existsSync } from "node:fs";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import type { JobEvent } from "../../packages/core/src/model/protocol.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// Two submissions hold the same job (the second was pushed while the first still ran), on a real cluster.

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let first: Submission;
let second: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-same-job", user, cpusPerNode: 16 });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  first = await openSubmission(cluster, receiver, user);
  second = await openSubmission(cluster, receiver, user, { beside: first.target });
  onTestFailed(() => console.log(receiver.events));
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await first.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm("/tmp/repx-same-job", { recursive: true, force: true });
});

const QUICK = { REPX_SWEEP_SECONDS: "1" };
/** The body notes every start outside of its own folder, which a second attempt would empty. */
const NOTE = `echo "$SLURM_ARRAY_JOB_ID" >>"$1/../ran"`;

/** Hands the one job in; says SLURM's id of its array and the job's folder. */
async function submitTo(submission: Submission, script: string, options: readonly string[] = []) {
  const { slurmId, ids } = await submission.submit([{ stage: "same", script: `${NOTE}\n${script}` }], options);
  await submission.finish();
  return { slurmId, folder: join(submission.target.base, "outputs", ids[0] ?? "") };
}

async function readRuns(folder: string): Promise<string[]> {
  return (await readFile(join(folder, "ran"), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
}

async function waitForRuns(folder: string, count: number): Promise<void> {
  await waitUntil({ what: `${count} starts of the body`, timeoutSeconds: 30 }, async () => {
    return (await readRuns(folder)).length === count;
  });
}

async function waitForState(slurmId: string, state: string): Promise<void> {
  await waitUntil({ what: `${slurmId} to be ${state}`, timeoutSeconds: 30, intervalMs: 200 }, async () => {
    const { stdout } = await cluster.run(["squeue", "-h", "-t", "all", "-j", slurmId, "-o", "%T"]);
    return stdout.trim() === state;
  });
}

function endOf(slurmId: string): JobEvent | undefined {
  return receiver.events.findLast((event) => event.slurmId === `${slurmId}_1`);
}

async function followBoth(): Promise<void> {
  await using one = await first.startRelay(QUICK);
  await using two = await second.startRelay(QUICK);
  expect(await one.waitForEnd(60)).toBe(0);
  expect(await two.waitForEnd(60)).toBe(0);
}

test("at once in two submissions a job runs once, and both are told of its success", async () => {
  const script = `sleep 3; echo done; echo '{"pi": 3}' >"$1/metrics.json"`;
  const one = await submitTo(first, script, ["--hold"]);
  const two = await submitTo(second, script, ["--hold"]);
  await cluster.run(["scontrol", "release", one.slurmId, two.slurmId]);
  await followBoth();
  expect(await readRuns(one.folder)).toHaveLength(1);
  const success = { state: "COMPLETED", attempt: 1, marker: "SUCCESS", logTail: "done", metricsText: '{"pi": 3}' };
  expect(endOf(one.slurmId)).toMatchObject(success);
  expect(endOf(two.slurmId)).toMatchObject(success);
  expect(await readdir(join(one.folder, "repx"))).not.toContain(".running");
  expect(await readdir(join(one.folder, "repx/attempts"))).toEqual([]);
});

test("when the one that runs fails, the other runs, and each is told of its own end", async () => {
  const script = `[ "$(wc -l <"$1/../ran")" = 1 ] && { sleep 3; echo first >&2; exit 4; }; echo second`;
  const one = await submitTo(first, script);
  await waitForRuns(one.folder, 1);
  const two = await submitTo(second, script);
  await waitForState(two.slurmId, "COMPLETED");
  await followBoth();
  expect(await readRuns(one.folder)).toEqual([one.slurmId, two.slurmId]);
  expect(endOf(one.slurmId)).toMatchObject({ state: "FAILED", exitCode: 4, logTail: "first" });
  expect(endOf(two.slurmId)).toMatchObject({ state: "COMPLETED", marker: "SUCCESS", logTail: "second" });
});

test("when the one that runs is killed, the other takes its place", async () => {
  const script = `[ "$(wc -l <"$1/../ran")" = 1 ] && sleep 300; echo second`;
  const one = await submitTo(first, script);
  await waitForRuns(one.folder, 1);
  const two = await submitTo(second, script);
  await waitForState(two.slurmId, "RUNNING");
  await cluster.run(["scancel", "-s", "KILL", "--full", `${one.slurmId}_1`]);
  await followBoth();
  expect(await readRuns(one.folder)).toEqual([one.slurmId, two.slurmId]);
  expect(endOf(one.slurmId)?.state).not.toBe("COMPLETED");
  expect(endOf(two.slurmId)).toMatchObject({ state: "COMPLETED", marker: "SUCCESS", logTail: "second" });
  expect(existsSync(join(one.folder, "repx/.running"))).toBe(false);
});

test("a requeued job whose first attempt was killed takes over its own lock", async () => {
  const script = `[ "\${SLURM_RESTART_COUNT:-0}" = 0 ] && { trap '' TERM; sleep 300; }; echo again`;
  const one = await submitTo(first, script);
  await waitForRuns(one.folder, 1);
  await cluster.run(["scontrol", "requeue", `${one.slurmId}_1`]);
  await waitForState(one.slurmId, "PENDING");
  expect(existsSync(join(one.folder, "repx/.running"))).toBe(true);
  await using relay = await first.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(endOf(one.slurmId)).toMatchObject({ state: "COMPLETED", attempt: 2, marker: "SUCCESS", logTail: "again" });
  expect(existsSync(join(one.folder, "repx/.running"))).toBe(false);
});
