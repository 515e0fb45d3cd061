import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { readState } from "../../packages/core/src/model/job-state.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";
import { makeSacct, type SacctStandIn } from "./sacct-stand-in.ts";

// What accounting adds to the queue's word, while SLURM still knows the job.

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;
let sacct: SacctStandIn;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-accounting", user, nodes: 1, cpusPerNode: 8 });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  sacct = await makeSacct(submission.target);
  onTestFailed(async () => console.log(receiver.events, await submission.readLog()));
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm("/tmp/repx-relay-accounting", { recursive: true, force: true });
});

async function startRelay() {
  return submission.startRelay({ REPX_SWEEP_SECONDS: "1", PATH: sacct.path });
}

async function waitForStart(slurmId: string): Promise<void> {
  await waitUntil({ what: `${slurmId} to run`, timeoutSeconds: 20 }, async () =>
    receiver.events.some((event) => event.slurmId === slurmId && event.state === "RUNNING"),
  );
}

test("who cancelled a running job is waited for, and told as the reason", async () => {
  await using relay = await startRelay();
  const { slurmId } = await submission.submit([{ stage: "long", script: "sleep 300 & wait" }]);
  await submission.finish();
  await waitForStart(`${slurmId}_1`);
  await sacct.sayOfSteps([`${slurmId}_1|RUNNING`, `${slurmId}_1.batch|RUNNING`]);
  await cluster.run(["scancel", slurmId]);
  const late = join(submission.target.folder, "relay/late", `${slurmId}_1.0`);
  await waitUntil({ what: "the relay to wait for accounting", timeoutSeconds: 20 }, async () => existsSync(late));
  await sacct.sayOfSteps([`${slurmId}_1|CANCELLED by ${user.uid}`, `${slurmId}_1.batch|CANCELLED`]);
  expect(await relay.waitForEnd(30)).toBe(0);
  const end = { state: "CANCELLED", reason: `CancelledBy:${user.uid}`, signal: 15 };
  expect(receiver.events.at(-1)).toMatchObject(end);
});

test("I-05: a pending job that uid 0 took away is the infrastructure's failure", async () => {
  await using relay = await startRelay();
  const { slurmId } = await submission.submit([{ stage: "held", script: "true" }], ["--hold"]);
  await submission.finish();
  await sacct.sayOfSteps([`${slurmId}_[1-1]|CANCELLED by 0`]);
  await cluster.run(["scancel", slurmId]);
  expect(await relay.waitForEnd(30)).toBe(0);
  const [end] = receiver.events;
  expect(end).toMatchObject({ state: "CANCELLED", reason: "CancelledBy:0", elapsedSeconds: 0 });
  expect(end === undefined ? undefined : readState(end)).toBe("infrastructure");
});

test("I-15: the reason of a failed job is taken from its step, of the last attempt alone", async () => {
  await using relay = await startRelay();
  const order = [
    { stage: "greedy", script: "exit 1" },
    { stage: "wrong", script: "exit 1" },
  ];
  const { slurmId } = await submission.submit(order, ["--hold"]);
  await submission.finish();
  await sacct.sayOfSteps([
    `${slurmId}_1|FAILED`,
    `${slurmId}_1.batch|FAILED`,
    `${slurmId}_1.0|OUT_OF_MEMORY`,
    `${slurmId}_2|NODE_FAIL`,
    `${slurmId}_2.0|OUT_OF_MEMORY`,
    `${slurmId}_2|FAILED`,
    `${slurmId}_2.0|FAILED`,
  ]);
  await cluster.run(["scontrol", "release", slurmId]);
  expect(await relay.waitForEnd(30)).toBe(0);
  const ends = receiver.events.filter((event) => event.state === "FAILED");
  expect(ends.map((event) => `${event.slurmId} ${event.reason} ${readState(event)}`).toSorted()).toEqual([
    `${slurmId}_1 OutOfMemory out_of_memory`,
    `${slurmId}_2 NonZeroExitCode failed`,
  ]);
});

test("I-11: accounting is not asked for jobs from before the submission, whose ids SLURM gives out again", async () => {
  await using relay = await startRelay();
  await submission.submit([{ stage: "wrong", script: "exit 1" }]);
  await submission.finish();
  expect(await relay.waitForEnd(30)).toBe(0);
  const since = /-S (20\S+) /.exec(await sacct.readCalls())?.[1];
  const age = Date.now() - Date.parse(`${since}Z`);
  expect(age).toBeGreaterThan(7100_000);
  expect(age).toBeLessThan(7500_000);
});
