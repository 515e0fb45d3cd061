import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { waitUntilForgotten } from "./accounting-stand.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// The relay was away for longer than the scheduler remembers (MinJobAge), and there is no accounting.

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
  await waitUntilForgotten(cluster, user);
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
  await waitUntilForgotten(cluster, user);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(30)).toBe(0);
  const last = { state: "COMPLETED", attempt: 2, marker: "SUCCESS", logTail: "second" };
  expect(receiver.events.at(-1)).toMatchObject(last);
});
