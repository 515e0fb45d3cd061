import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// A person requeues jobs: one that runs, one whose end was reported and taken, one after the relay went home.

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-requeue", user, cpusPerNode: 16 });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  onTestFailed(() => console.log(receiver.events));
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm("/tmp/repx-relay-requeue", { recursive: true, force: true });
});

const QUICK = { REPX_SWEEP_SECONDS: "1" };
const SECOND_TIME_LUCKY = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { echo first >&2; exit 3; }; echo second >&2`;

function storyOf(stage: string): string[] {
  const events = receiver.events.filter((event) => event.job.endsWith(`-${stage}-1.0`));
  return events.map((event) => `${event.attempt} ${event.state} ${event.id.replace(event.slurmId, "")}`);
}

async function waitFor(stage: string, word: string): Promise<void> {
  await waitUntil({ what: `${stage} to be told as ${word}`, timeoutSeconds: 40 }, async () =>
    storyOf(stage).some((line) => line.startsWith(word)),
  );
}

async function readLookTime(): Promise<number> {
  return (await stat(join(submission.target.folder, "relay.pid"))).mtimeMs;
}

/** Waits until the relay has looked at its jobs twice more. */
async function waitForLooks(): Promise<void> {
  for (let looks = 0; looks < 2; looks += 1) {
    const before = await readLookTime();
    await waitUntil({ what: "the relay to look", timeoutSeconds: 20 }, async () => (await readLookTime()) > before);
  }
}

test("a running job that is requeued waits as attempt 2, and the relay tells so", async () => {
  const script = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { sleep 300 & wait; }`;
  const { slurmId } = await submission.submit([{ stage: "again", script }]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitFor("again", "1 RUNNING");
  await cluster.run(["scontrol", "requeue", `${slurmId}_1`]);
  expect(await relay.waitForEnd(40)).toBe(0);
  const story = storyOf("again");
  expect(story.filter((line) => !line.startsWith("2 RUNNING"))).toEqual([
    "1 RUNNING .0.RUNNING",
    "1 REQUEUED .0.REQUEUED",
    "2 PENDING .1.PENDING",
    "2 COMPLETED .1.COMPLETED",
  ]);
});

test("a job that is requeued after its reported end is open again, and its second end is reported", async () => {
  const { slurmId } = await submission.submit([{ stage: "lucky", script: SECOND_TIME_LUCKY }]);
  const script = `while [ ! -e "${submission.target.base}/go" ]; do sleep 0.1; done`;
  await submission.submit([{ stage: "keeper", script }]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitFor("lucky", "1 FAILED");
  await cluster.run(["scontrol", "requeuehold", `${slurmId}_1`]);
  await waitFor("lucky", "2 PENDING");
  await writeFile(join(submission.target.base, "go"), "");
  await waitFor("keeper", "1 COMPLETED");
  await waitForLooks();
  await cluster.run(["scontrol", "release", `${slurmId}_1`]);
  expect(await relay.waitForEnd(40)).toBe(0);
  const story = storyOf("lucky");
  expect(story.filter((line) => !line.includes("RUNNING"))).toEqual([
    "1 FAILED .0.FAILED",
    "2 PENDING .1.PENDING",
    "2 COMPLETED .1.COMPLETED",
  ]);
  const ends = receiver.events.filter((event) => event.slurmId === `${slurmId}_1` && event.marker !== undefined);
  expect(ends.map((event) => `${event.marker} ${event.logTail}`)).toEqual(["FAIL first", "SUCCESS second"]);
});

test("a relay that is started again by hand goes on with a job that was requeued after all had ended", async () => {
  const { slurmId } = await submission.submit([{ stage: "lucky", script: SECOND_TIME_LUCKY }]);
  await submission.finish();
  await using first = await submission.startRelay(QUICK);
  expect(await first.waitForEnd(40)).toBe(0);
  await cluster.run(["scontrol", "requeue", `${slurmId}_1`]);
  await using second = await submission.startRelay(QUICK);
  expect(await second.waitForEnd(40)).toBe(0);
  expect(storyOf("lucky").at(-1)).toBe("2 COMPLETED .1.COMPLETED");
});
