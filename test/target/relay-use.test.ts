// What an attempt was given and held, as its end tells: where there is no accounting.
import { rm } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { waitUntilForgotten } from "./accounting-stand.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

const FOLDER = "/tmp/repx-relay-use";
const QUICK = { REPX_SWEEP_SECONDS: "1", REPX_LOST_SECONDS: "3", REPX_MARKER_SECONDS: "3", REPX_RECORD_SECONDS: "2" };
// tail keeps a line that has no end.
const HUNGRY = "{ head -c 90000000 /dev/zero; sleep 1; } | tail -n 1 >/dev/null";

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  const options = { nodes: 2, cpusPerNode: 8, extraConf: "MinJobAge=2" };
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

/** What the end of a stage's job tells of its use, and how it ended. */
function useOf(stage: string) {
  const end = receiver.events.findLast((event) => event.job.endsWith(`-${stage}-1.0`));
  const { state, cpus, nodes, memoryMebibytes, peakMebibytes } = end ?? {};
  return { state, cpus, nodes, memoryMebibytes, peakMebibytes };
}

/** Only where SLURM gives a job a cgroup of its own can it be known afterwards. */
function isPeakIn(peak: number | undefined, least: number, most: number): boolean {
  if (peak === undefined) return !cluster.hasCgroup;
  return cluster.hasCgroup && peak >= least && peak <= most;
}

test("an end tells cores, nodes, memory a node, and a peak near what the job held", async () => {
  await using relay = await submission.startRelay(QUICK);
  await submission.submit([{ stage: "hungry", script: HUNGRY }], ["--mem=200M", "--cpus-per-task=2"]);
  await submission.submit([{ stage: "wide", script: "exit 3" }], ["--nodes=2", "--ntasks=6", "--mem=150M"]);
  await submission.submit([{ stage: "a-core", script: "exit 0" }], ["--ntasks=3", "--mem-per-cpu=100M"]);
  await submission.submit([{ stage: "bare", script: "" }], ["--mem=200M"], "true");
  const held = await submission.submit([{ stage: "never", script: "exit 0" }], ["--hold", "--mem=200M"]);
  await submission.finish();
  await cluster.run(["scancel", held.slurmId]);
  expect(await relay.waitForEnd(60)).toBe(0);
  const { peakMebibytes: peak, ...given } = useOf("hungry");
  expect(given).toEqual({ state: "COMPLETED", cpus: 2, nodes: 1, memoryMebibytes: 200 });
  expect([peak, isPeakIn(peak, 85, 120)]).toEqual([peak, true]);
  expect(useOf("wide")).toMatchObject({ state: "FAILED", cpus: 6, nodes: 2, memoryMebibytes: 150 });
  expect(useOf("a-core")).toMatchObject({ state: "COMPLETED", cpus: 3, nodes: 1, memoryMebibytes: 300 });
  const nothing = { cpus: undefined, nodes: undefined, memoryMebibytes: undefined, peakMebibytes: undefined };
  expect(useOf("bare")).toEqual({ state: "COMPLETED", ...nothing, cpus: 1, nodes: 1, memoryMebibytes: 200 });
  expect(useOf("never")).toEqual({ state: "CANCELLED", ...nothing });
});

test("a job that is out of memory tells how much it had been given", async () => {
  await using relay = await submission.startRelay(QUICK);
  await submission.submit([{ stage: "greedy", script: HUNGRY }], ["--mem=40M"]);
  await submission.finish();
  expect(await relay.waitForEnd(60)).toBe(0);
  const { peakMebibytes: peak, ...given } = useOf("greedy");
  const state = cluster.hasCgroup ? "OUT_OF_MEMORY" : "COMPLETED";
  expect(given).toEqual({ state, cpus: 1, nodes: 1, memoryMebibytes: 40 });
  expect([peak, isPeakIn(peak, 35, 45)]).toEqual([peak, true]);
});

test("of a job that SLURM has forgotten, its own record tells all of it", async () => {
  await submission.submit([{ stage: "hungry", script: HUNGRY }], ["--mem=200M", "--cpus-per-task=2"]);
  await submission.submit([{ stage: "wide", script: "exit 3" }], ["--nodes=2", "--ntasks=6", "--mem=150M"]);
  await submission.submit([{ stage: "a-core", script: "exit 0" }], ["--ntasks=3", "--mem-per-cpu=100M"]);
  await submission.submit([{ stage: "all", script: "exit 0" }], ["--mem=0"]);
  await submission.finish();
  await waitUntilForgotten(cluster, user);
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  const { peakMebibytes: peak, ...given } = useOf("hungry");
  expect(given).toEqual({ state: "COMPLETED", cpus: 2, nodes: 1, memoryMebibytes: 200 });
  expect([peak, isPeakIn(peak, 85, 120)]).toEqual([peak, true]);
  expect(useOf("wide")).toMatchObject({ state: "FAILED", cpus: 6, nodes: 2, memoryMebibytes: 150 });
  expect(useOf("a-core")).toMatchObject({ state: "COMPLETED", cpus: 3, nodes: 1, memoryMebibytes: 300 });
  // All the memory of the node, of which the job itself does not know how much that is.
  expect(useOf("all")).toMatchObject({ state: "COMPLETED", cpus: 1, nodes: 1 });
  expect(useOf("all").memoryMebibytes ?? 4000).toBe(4000);
});

test("where another submission's results stand, their peak is not this attempt's", async () => {
  await submission.submit([{ stage: "hungry", script: HUNGRY }], ["--mem=200M"]);
  await submission.finish();
  await using first = await submission.startRelay(QUICK);
  expect(await first.waitForEnd(60)).toBe(0);
  const other = await openSubmission(cluster, receiver, user, { beside: submission.target });
  await using relay = await other.startRelay(QUICK);
  const { slurmId } = await other.submit([{ stage: "hungry", script: HUNGRY }], ["--mem=150M"]);
  await other.finish();
  const end = await waitUntil({ what: "its end", timeoutSeconds: 40 }, async () =>
    receiver.events.find((event) => event.slurmId === `${slurmId}_1` && event.state === "COMPLETED"),
  );
  expect(end).toMatchObject({ marker: "SUCCESS", memoryMebibytes: 150 });
  expect(end.peakMebibytes).toBeUndefined();
  expect(await relay.waitForEnd(20)).toBe(0);
});

test("a job's log is told without its secrets, the submission's own token among them", async () => {
  const token = `cat "${submission.target.folder}/token" >&2`;
  const script = `${token}; echo "DB_PASSWORD=hunter2 and AKIAIOSFODNN7EXAMPLE" >&2; exit 1`;
  const { ids } = await submission.submit([{ stage: "chatty", script }]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(receiver.events.at(-1)?.logTail).toBe("[redacted]\nDB_PASSWORD=[redacted] and [redacted]");
  // What stays on the cluster is the job's own.
  expect(await submission.target.read(ids[0] ?? "", "repx/stderr.log")).toContain(submission.token);
});
