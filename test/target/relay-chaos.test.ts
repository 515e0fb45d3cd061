import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { readState } from "../../packages/core/src/model/job-state.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { findMarked } from "../harness/process.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// What a cluster goes through while jobs run. Whatever it is: no job runs twice at a time, and each end is told, once.

const FOLDER = "/tmp/repx-relay-chaos";
const QUICK = { REPX_SWEEP_SECONDS: "1", REPX_MARKER_SECONDS: "10" };

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: FOLDER, user, nodes: 2, cpusPerNode: 8 });
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

/** A script that says where it ran, and lasts until `file` is there. */
function untilThere(stage: string, file: string): string {
  const { base } = submission.target;
  return `echo "$SLURMD_NODENAME" >>${base}/${stage}.ran; while [ ! -e ${base}/${file} ]; do sleep 0.1; done`;
}

async function letGo(file: string): Promise<void> {
  await writeFile(join(submission.target.base, file), "");
}

/** Nodes on which a stage's job began, in order. */
async function readRuns(stage: string): Promise<string[]> {
  const text = await readFile(join(submission.target.base, `${stage}.ran`), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

async function waitForEvents(state: string, count: number): Promise<void> {
  await waitUntil({ what: `${count} events ${state}`, timeoutSeconds: 60 }, async () => {
    return receiver.events.filter((event) => event.state === state).length >= count;
  });
}

/** slurmctld writes what it knows some seconds late; killed before that, it has forgotten it itself. */
async function waitUntilSaved(): Promise<void> {
  const now = Date.now();
  await cluster.run(["scontrol", "update", "partitionname=short", "state=up"]);
  await waitUntil({ what: "slurmctld to save its state", timeoutSeconds: 30 }, async () => {
    return (await stat(join(cluster.folder, "state/job_state"))).mtimeMs > now + 2000;
  });
}

async function waitForLook({ target }: Submission): Promise<void> {
  const readTime = async () => (await stat(join(target.folder, "relay.pid"))).mtimeMs;
  const before = await readTime();
  await waitUntil({ what: "the relay to look", timeoutSeconds: 20 }, async () => (await readTime()) > before);
}

async function waitUntilIdle(): Promise<void> {
  await waitUntil({ what: "both nodes to be back", timeoutSeconds: 60, intervalMs: 200 }, async () =>
    (await cluster.run(["sinfo", "-h", "-p", "compute", "-o", "%D %T"])).stdout.includes("2 idle"),
  );
}

function storyOf(stage: string): string[] {
  const events = receiver.events.filter((event) => event.job.endsWith(`-${stage}-1.0`));
  return events.map((event) => `${event.attempt} ${event.state}`);
}

function endOf(stage: string) {
  return receiver.events.findLast((event) => event.job.endsWith(`-${stage}-1.0`));
}

test("slurmctld that is killed and comes back while jobs run and others wait costs no end", async () => {
  const names = ["one", "two", "three"];
  const jobs = names.map((stage) => ({ stage, script: `${untilThere(stage, "go")}; [ ${stage} != two ] || exit 4` }));
  const { slurmId } = await submission.submit(jobs, ["-w", cluster.nodes[0] ?? ""]);
  await submission.submit([{ stage: "after", script: "exit 0" }], [`--dependency=afterany:${slurmId}`]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitForEvents("RUNNING", names.length);
  await waitUntilSaved();
  await cluster.killController();
  // Two of them end while nobody can be told.
  await letGo("go");
  await waitUntil({ what: "the relay to notice", timeoutSeconds: 30 }, async () =>
    (await submission.readLog()).includes("squeue failed"),
  );
  await cluster.startController();
  expect(await relay.waitForEnd(90)).toBe(0);
  expect(await submission.readLog()).toContain("squeue answers again");
  expect(names.map((name) => storyOf(name).join())).toEqual([
    "1 RUNNING,1 COMPLETED",
    "1 RUNNING,1 FAILED",
    "1 RUNNING,1 COMPLETED",
  ]);
  expect(endOf("two")).toMatchObject({ exitCode: 4, marker: "FAIL" });
  expect(endOf("after")?.state).toBe("COMPLETED");
  for (const name of names) expect(await readRuns(name)).toHaveLength(1);
});

test("a node that loses its power ends what may not be requeued as the infrastructure's, and the rest runs again elsewhere", async () => {
  const [lost = "", other = ""] = cluster.nodes;
  await cluster.setNodeState(other, "drain");
  await submission.submit([{ stage: "final", script: untilThere("final", "never") }], ["--no-requeue"]);
  await submission.submit([{ stage: "again", script: untilThere("again", "go") }], ["--requeue"]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitForEvents("RUNNING", 2);
  await cluster.setNodeState(other, "resume");
  await cluster.nodeOf(lost).cutPower();
  await letGo("go");
  expect(await relay.waitForEnd(100)).toBe(0);
  await cluster.nodeOf(lost).startDaemon();
  await waitUntilIdle();
  expect(storyOf("final")).toEqual(["1 RUNNING", "1 NODE_FAIL"]);
  const end = endOf("final");
  expect(end === undefined ? undefined : readState(end)).toBe("infrastructure");
  expect(storyOf("again").filter((line) => !/PENDING|2 RUNNING/.test(line))).toEqual([
    "1 RUNNING",
    "1 REQUEUED",
    "2 COMPLETED",
  ]);
  expect(await readRuns("again")).toEqual([lost, other]);
}, 180_000);

test("where slurmd alone was killed and SLURM runs the job again beside its first attempt, the second one counts", async () => {
  const [lost = "", other = ""] = cluster.nodes;
  await cluster.setNodeState(other, "drain");
  const script = `${untilThere("twice", "go.${SLURM_RESTART_COUNT:-0}")}; echo "attempt \${SLURM_RESTART_COUNT:-0}"`;
  const { ids } = await submission.submit([{ stage: "twice", script }], ["--requeue"]);
  const [id = ""] = ids;
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitForEvents("RUNNING", 1);
  await cluster.setNodeState(other, "resume");
  await cluster.nodeOf(lost).killDaemon();
  await waitUntil({ what: "the second attempt", timeoutSeconds: 90 }, async () => (await readRuns("twice")).length > 1);
  await letGo("go.0");
  await waitUntil({ what: "the first attempt to end", timeoutSeconds: 30 }, async () => {
    return (await findMarked("SLURMD_NODENAME", lost)).length === 0;
  });
  expect(await submission.target.read(id, "repx/SUCCESS")).toBeUndefined();
  await letGo("go.1");
  expect(await relay.waitForEnd(60)).toBe(0);
  await cluster.nodeOf(lost).startDaemon();
  await waitUntilIdle();
  expect(storyOf("twice").filter((line) => !/PENDING|2 RUNNING/.test(line))).toEqual([
    "1 RUNNING",
    "1 REQUEUED",
    "2 COMPLETED",
  ]);
  expect(endOf("twice")).toMatchObject({ marker: "SUCCESS", logTail: "attempt 1", node: other });
}, 180_000);

test("munge that is dead is no verdict, and what ended meanwhile is told when it is back", async () => {
  await submission.submit([{ stage: "one", script: untilThere("one", "go") }]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitForEvents("RUNNING", 1);
  await cluster.munge.stop();
  try {
    await letGo("go");
    const log = await waitUntil({ what: "the relay to notice", timeoutSeconds: 60 }, async () => {
      const text = await submission.readLog();
      return text.includes("squeue failed") && text;
    });
    expect(log).toMatch(/squeue failed: .*(?:Munge|authentication)/i);
    expect(storyOf("one")).toEqual(["1 RUNNING"]);
  } finally {
    await cluster.munge.start();
  }
  expect(await relay.waitForEnd(90)).toBe(0);
  expect(storyOf("one")).toEqual(["1 RUNNING", "1 COMPLETED"]);
  expect(await readRuns("one")).toHaveLength(1);
});

test("jobs wait while their node is drained, the one that runs ends, and all run when it is back", async () => {
  const [node = ""] = cluster.nodes;
  await submission.submit([{ stage: "first", script: untilThere("first", "go") }], ["-w", node]);
  await using relay = await submission.startRelay(QUICK);
  await waitForEvents("RUNNING", 1);
  await cluster.setNodeState(node, "drain");
  await submission.submit([{ stage: "second", script: "exit 0" }], ["-w", node]);
  await submission.finish();
  await letGo("go");
  await waitForEvents("COMPLETED", 1);
  const argv = [join(submission.target.programs, "repx-relay"), submission.target.base, submission.target.submission];
  const looked = await waitUntil({ what: "the reason", timeoutSeconds: 30 }, async () => {
    const { stdout } = await user.run([...argv, "--look", "MARK"], { environment: cluster.environment });
    return /"state":"PENDING".*"reason":"(?!None|Priority)/.test(stdout) && stdout;
  });
  expect(looked).toMatch(/-second-1\.0.*"reason":"[^"]*(?:ReqNodeNotAvail|drain|DRAIN)/i);
  expect(storyOf("second")).toEqual([]);
  await cluster.setNodeState(node, "resume");
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(endOf("first")?.state).toBe("COMPLETED");
  expect(endOf("second")).toMatchObject({ state: "COMPLETED", attempt: 1 });
});

test("a base path that is full to the last byte when a job ends takes no end with it: it failed, and that is told when there is room", async () => {
  const disk = await makeTraversableFolder(FOLDER, "disk");
  await runCommand(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0755", "repx-test", disk]);
  try {
    const full = await openSubmission(cluster, receiver, user, { parent: disk });
    onTestFailed(async () => console.log(await full.readLog()));
    const go = join(FOLDER, "full.go");
    const script = `while [ ! -e ${go} ]; do sleep 0.1; done; echo result >"$1/result"; exit 0`;
    const { slurmId } = await full.submit([{ stage: "unlucky", script }]);
    await full.finish();
    await using relay = await full.startRelay(QUICK);
    await waitForEvents("RUNNING", 1);
    await tryCommand(["dd", "if=/dev/zero", `of=${disk}/filler`, "bs=512", "status=none"]);
    await writeFile(go, "");
    await waitUntil({ what: "the job to end", timeoutSeconds: 40 }, async () =>
      (await cluster.run(["squeue", "-h", "-t", "all", "-j", slurmId, "-o", "%T"])).stdout.includes("FAILED"),
    );
    await waitForLook(full);
    expect(storyOf("unlucky")).toEqual(["1 RUNNING"]);
    await rm(join(disk, "filler"));
    expect(await relay.waitForEnd(60)).toBe(0);
    expect(storyOf("unlucky")).toEqual(["1 RUNNING", "1 FAILED"]);
    expect(endOf("unlucky")?.marker).not.toBe("SUCCESS");
  } finally {
    await tryCommand(["umount", "-l", disk]);
  }
});
