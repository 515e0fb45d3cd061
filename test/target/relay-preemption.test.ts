import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { readState } from "../../packages/core/src/model/job-state.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// A job of a better partition takes the node from two others: one partition cancels what is preempted, one requeues it.

const CONF = `PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=urgent Nodes=ALL PriorityTier=10 DefMemPerCPU=100 PreemptMode=OFF
PartitionName=spare Nodes=ALL PriorityTier=1 DefMemPerCPU=100 PreemptMode=CANCEL
PartitionName=patient Nodes=ALL PriorityTier=1 DefMemPerCPU=100 PreemptMode=REQUEUE
`;
const ONCE_LONG = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { sleep 300 & wait; }`;
let cluster: SlurmCluster;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  const user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-preemption", user, nodes: 1, extraConf: CONF });
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
  await submission?.target[Symbol.asyncDispose]();
  await rm("/tmp/repx-relay-preemption", { recursive: true, force: true });
});

function eventsOf(stage: string) {
  return receiver.events.filter((event) => event.job.endsWith(`-${stage}-1.0`));
}

test("I-03, I-09: preemption is final where SLURM cancels, and the infrastructure's; where it requeues, it is neither", async () => {
  onTestFailed(async () => console.log(receiver.events, await submission.readLog()));
  await using relay = await submission.startRelay({ REPX_SWEEP_SECONDS: "1" });
  const long = "sleep 300 & wait";
  await submission.submit([{ stage: "spare", script: long }], ["--partition=spare", "--cpus-per-task=2"]);
  await submission.submit([{ stage: "patient", script: ONCE_LONG }], ["--partition=patient", "--cpus-per-task=2"]);
  await waitUntil({ what: "both to run", timeoutSeconds: 30 }, async () =>
    ["spare", "patient"].every((stage) => eventsOf(stage).some((event) => event.state === "RUNNING")),
  );
  await submission.submit([{ stage: "urgent", script: "sleep 2" }], ["--partition=urgent", "--cpus-per-task=4"]);
  await submission.finish();
  expect(await relay.waitForEnd(60)).toBe(0);
  const end = eventsOf("spare").at(-1);
  expect(end).toMatchObject({ state: "PREEMPTED", attempt: 1 });
  expect(end === undefined ? undefined : readState(end)).toBe("infrastructure");
  const story = eventsOf("patient").map((event) => `${event.attempt} ${event.state}`);
  expect(story.filter((line) => !line.endsWith("PENDING"))).toEqual(
    expect.arrayContaining(["1 RUNNING", "1 REQUEUED", "2 COMPLETED"]),
  );
  expect(story).not.toContain("1 PREEMPTED");
  expect(eventsOf("urgent").at(-1)?.state).toBe("COMPLETED");
});
