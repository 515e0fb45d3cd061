import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";
import { makeSacct } from "./sacct-stand-in.ts";

// The relay was away for longer than the scheduler remembers (MinJobAge).

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  const extraConf = "MinJobAge=2\n";
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-forgotten", user, cpusPerNode: 16, extraConf });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  onTestFailed(async () => console.log(await submission.readLog()));
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm("/tmp/repx-relay-forgotten", { recursive: true, force: true });
});

const QUICK = { REPX_SWEEP_SECONDS: "1", REPX_LOST_SECONDS: "4", REPX_MARKER_SECONDS: "2", REPX_RECORD_SECONDS: "2" };

async function waitUntilForgotten(): Promise<void> {
  await waitUntil({ what: "SLURM to forget the jobs", timeoutSeconds: 60, intervalMs: 500 }, async () => {
    const { stdout } = await user.run(["squeue", "--me", "-h", "-t", "all"], { environment: cluster.environment });
    return stdout.trim() === "";
  });
}

function endOf(stage: string) {
  return receiver.events.find((event) => event.job.endsWith(`-${stage}-1.0`));
}

test("I-07, I-14: without accounting the jobs' own records tell how they ended, and a job without one is the infrastructure's failure", async () => {
  await submission.submit([
    { stage: "good", script: "exit 0" },
    { stage: "bad", script: "echo why >&2; exit 9" },
  ]);
  await submission.submit([{ stage: "bare", script: "exit 0" }], [], "true");
  await submission.finish();
  await waitUntilForgotten();
  await rm(join(submission.target.folder, "bells"), { recursive: true });
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(30)).toBe(0);
  expect(endOf("good")).toMatchObject({ state: "COMPLETED", marker: "SUCCESS", exitCode: 0 });
  expect(endOf("bad")).toMatchObject({ state: "FAILED", marker: "FAIL", exitCode: 9, logTail: "why" });
  expect(endOf("bare")).toMatchObject({ state: "NODE_FAIL", reason: "NoRecordOfItsEnd" });
});

test("an attempt after a reported end is found by its record when it came and went while the relay was away", async () => {
  const script = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || exit 3; echo second`;
  const { slurmId } = await submission.submit([{ stage: "lucky", script }]);
  // Not finished with its submitting, the first relay stays.
  await using first = await submission.startRelay(QUICK);
  await waitUntil({ what: "the first end", timeoutSeconds: 20 }, async () =>
    receiver.events.some((event) => event.id === `${slurmId}_1.0.FAILED`),
  );
  await cluster.run(["scontrol", "requeuehold", `${slurmId}_1`]);
  await waitUntil({ what: "the second attempt", timeoutSeconds: 20 }, async () =>
    receiver.events.some((event) => event.id === `${slurmId}_1.1.PENDING`),
  );
  await first.kill("SIGKILL");
  await cluster.run(["scontrol", "release", `${slurmId}_1`]);
  await waitUntilForgotten();
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(30)).toBe(0);
  const last = { state: "COMPLETED", attempt: 2, marker: "SUCCESS", logTail: "second" };
  expect(receiver.events.at(-1)).toMatchObject(last);
});

test("I-04, I-06, I-13: accounting that fails is waited for, and then believed, its last attempt alone", async () => {
  const { slurmId } = await submission.submit(
    [
      { stage: "killed", script: "exit 0" },
      { stage: "again", script: "exit 0" },
      { stage: "preempted", script: "exit 0" },
    ],
    [],
    "true",
  );
  await submission.finish();
  await waitUntilForgotten();
  const sacct = await makeSacct(submission.target);
  await sacct.setAway(true);
  await sacct.sayOfJobs([
    `${slurmId}_1|CANCELLED by 1001|0:15|2026-11-20T10:00:00|2026-11-20T10:01:30|90|n1`,
    `${slurmId}_2|NODE_FAIL|1:0|2026-11-20T10:00:00|2026-11-20T10:00:10|10|n1`,
    `${slurmId}_2|TIMEOUT|0:0|2026-11-20T10:05:00|2026-11-20T10:06:00|60|n2`,
    `${slurmId}_3|PREEMPTED|0:15|2026-11-20T10:00:00|2026-11-20T10:00:10|10|n1`,
    `${slurmId}_3|COMPLETED|0:0|2026-11-20T10:05:00|2026-11-20T10:06:00|60|n2`,
  ]);
  await using relay = await submission.startRelay({ ...QUICK, PATH: sacct.path });
  // One a second: more than the four seconds after which a job without a record counts as lost.
  await waitUntil(
    { what: "accounting to be asked time and again", timeoutSeconds: 60 },
    async () => (await sacct.readCalls()).split("\n").length > 8,
  );
  expect(receiver.events).toEqual([]);
  expect(await submission.readLog()).toContain("sacct failed, waiting for it: sacct: error: ");
  await sacct.setAway(false);
  expect(await relay.waitForEnd(30)).toBe(0);
  expect(await sacct.readCalls()).toContain(` -j ${slurmId} `);
  const at = { at: "2026-11-20T10:01:30Z", elapsedSeconds: 90, node: "n1", exitCode: 0, signal: 15 };
  expect(endOf("killed")).toMatchObject({ state: "CANCELLED", reason: "CancelledBy:1001", attempt: 1, ...at });
  const again = receiver.events.filter((event) => event.job.includes("-again-"));
  expect(again.map((event) => `${event.attempt} ${event.state}`).toSorted()).toEqual(["1 REQUEUED", "2 TIMEOUT"]);
  const preempted = receiver.events.filter((event) => event.job.includes("-preempted-"));
  expect(preempted.map((event) => `${event.attempt} ${event.state}`).toSorted()).toEqual(["1 REQUEUED", "2 COMPLETED"]);
});
