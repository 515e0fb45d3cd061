import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { JobEvent } from "../../packages/core/src/model/protocol.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Relay, type Submission } from "./relay-run.ts";

// Every kind of end that SLURM knows, in one submission; one relay finds them all out and ends by itself.

let cluster: SlurmCluster;
let receiver: EventReceiver;
let submission: Submission;
let relay: Relay;
let exit: number | string;
const slurmIds = new Map<string, string>();

beforeAll(async () => {
  const user = await ensureClusterUser();
  cluster = await startSlurmCluster({
    folder: "/tmp/repx-relay-ends",
    user,
    nodes: 2,
    cpusPerNode: 16,
    epilog: join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog"),
  });
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  relay = await submission.startRelay({ REPX_SPOOL: cluster.doorbells });
  await submitAll();
  await submission.finish();
  await makeThemEnd();
  exit = await relay.waitForEnd(90);
}, 180_000);

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
  await submission?.target[Symbol.asyncDispose]();
  await rm("/tmp/repx-relay-ends", { recursive: true, force: true });
});

async function submitAll(): Promise<void> {
  const [node = "", other = ""] = cluster.nodes;
  const submit = async (stage: string, script: string, options: readonly string[] = []) => {
    const { slurmId } = await submission.submit([{ stage, script }], ["-w", node, ...options]);
    slurmIds.set(stage, `${slurmId}_1`);
  };
  await submit("completed", `echo fine; echo '{"pi": 3.14}' >"$1/metrics.json"`);
  await submit("failed", `printf 'caf\\303\\251 \\377 "q" \\001\\t\\\\ \\000end\\n' >&2; exit 3`);
  await submit("chatty", `i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo "line $i"; done; exit 1`);
  await submit("running", "sleep 300 & wait");
  await submit("pending", "true", ["--hold"]);
  await submit("pending-array", "true", ["--hold"]);
  await submit("late", "sleep 300 & wait", ["--time=5"]);
  await submit("memory", "head -c 200000000 /dev/zero | tail >/dev/null", ["--mem=40M"]);
  await submit("requeued", `[ "\${SLURM_RESTART_COUNT:-0}" = 0 ] && { sleep 300 & wait; }; exit 0`, ["--requeue"]);
  const bare = await submission.submit([{ stage: "markerless", script: "exit 0" }], ["-w", node], "true");
  slurmIds.set("markerless", `${bare.slurmId}_1`);
  const lost = await submission.submit(
    [{ stage: "nodefail", script: "sleep 300 & wait" }],
    ["-w", other, "--no-requeue"],
  );
  slurmIds.set("nodefail", `${lost.slurmId}_1`);
  // Not on the node that will be lost: SLURM would requeue them.
  const first = await submission.submit(
    [
      { stage: "first", script: "exit 0" },
      { stage: "second", script: "exit 1" },
    ],
    ["-w", node],
  );
  const next = await submission.submit(
    [
      { stage: "after-first", script: "exit 0" },
      { stage: "after-second", script: "exit 0" },
    ],
    ["-w", node, `--dependency=aftercorr:${first.slurmId}`],
  );
  for (const [k, name] of ["after-first", "after-second"].entries()) slurmIds.set(name, `${next.slurmId}_${k + 1}`);
  const never = await submission.submit(
    [{ stage: "never", script: "exit 0" }],
    [`--dependency=afterok:${first.slurmId}`],
  );
  slurmIds.set("never", `${never.slurmId}_1`);
}

async function makeThemEnd(): Promise<void> {
  await waitUntil({ what: "the long jobs to be reported as running", timeoutSeconds: 30 }, async () =>
    ["running", "late", "requeued", "nodefail"].every((stage) =>
      eventsOf(stage).some((event) => event.state === "RUNNING"),
    ),
  );
  await cluster.run(["scancel", id("running")]);
  await cluster.run(["scancel", id("pending")]);
  await cluster.run(["scancel", id("pending-array").replace("_1", "")]);
  await cluster.run(["scontrol", "requeue", id("requeued")]);
  // SLURM refuses it at times while the job is in its first second.
  const setEnd = async () => cluster.run(["scontrol", "update", `jobid=${id("late")}`, "endtime=now"]);
  await waitUntil({ what: "SLURM to take the new end", timeoutSeconds: 10, intervalMs: 500 }, async () =>
    setEnd().catch(() => undefined),
  );
  await cluster.setNodeState(cluster.nodes[1] ?? "", "down");
}

function id(stage: string): string {
  return slurmIds.get(stage) ?? "";
}

function eventsOf(stage: string): JobEvent[] {
  return receiver.events.filter((event) => event.job.endsWith(`-${stage}-1.0`));
}

function lastOf(stage: string): JobEvent | undefined {
  return eventsOf(stage).at(-1);
}

test("the relay ends with 0 when every end has been taken, and leaves nothing to send", async () => {
  onTestFailed(async () => console.log(await submission.readLog()));
  expect(exit).toBe(0);
  expect(await submission.readLog()).toContain("all jobs have ended and are reported");
});

test.each([
  {
    stage: "completed",
    end: {
      state: "COMPLETED",
      marker: "SUCCESS",
      exitCode: 0,
      signal: 0,
      logTail: "fine",
      metricsText: '{"pi": 3.14}',
    },
  },
  {
    stage: "failed",
    end: {
      state: "FAILED",
      marker: "FAIL",
      exitCode: 3,
      reason: "NonZeroExitCode",
      logTail: 'café \uFFFD "q" \u0001\t\\ \uFFFDend',
    },
  },
  { stage: "running", end: { state: "CANCELLED", signal: 15 } },
  { stage: "pending", end: { state: "CANCELLED" } },
  { stage: "pending-array", end: { state: "CANCELLED", reason: "JobHeldUser" } },
  { stage: "late", end: { state: "TIMEOUT", reason: "TimeLimit" } },
  { stage: "nodefail", end: { state: "NODE_FAIL", reason: "NodeDown" } },
  { stage: "after-first", end: { state: "COMPLETED", marker: "SUCCESS" } },
  { stage: "after-second", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
  { stage: "never", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
])("$stage ends as $end.state", ({ stage, end }) => {
  expect(lastOf(stage)).toMatchObject({ ...end, attempt: 1, slurmId: slurmIds.get(stage) });
  expect(eventsOf(stage).filter((event) => event.state === end.state)).toHaveLength(1);
});

test("a job that is out of memory says so where SLURM holds its memory", () => {
  const end = lastOf("memory");
  const killed = { state: "OUT_OF_MEMORY", exitCode: 0, signal: 125, reason: "OutOfMemory" };
  expect(end).toMatchObject(cluster.hasCgroup ? killed : { state: "COMPLETED" });
});

test("a requeue ends the first attempt, and the second has the end", () => {
  const story = eventsOf("requeued").map((event) => `${event.attempt} ${event.state}`);
  expect(story[0]).toBe("1 RUNNING");
  expect(story).toContain("1 REQUEUED");
  expect(lastOf("requeued")).toMatchObject({ attempt: 2, state: "COMPLETED", marker: "SUCCESS" });
});

test("a job that exits with 0 and leaves no marker is reported without one", () => {
  const end = lastOf("markerless");
  expect(end?.state).toBe("COMPLETED");
  expect(end?.marker).toBeUndefined();
});

test("the log's tail is its last 40 lines", () => {
  const lines = lastOf("chatty")?.logTail?.split("\n") ?? [];
  expect(lines).toHaveLength(40);
  expect(lines.at(-1)).toBe("line 3000");
});

test("no event is sent twice while nothing goes wrong", () => {
  const ids = receiver.events.map((event) => event.id);
  expect(ids).toEqual([...new Set(ids)]);
});

test("a job that ran says where and how long, and when it began", () => {
  const running = eventsOf("late").find((event) => event.state === "RUNNING");
  expect(running?.node).toBe(cluster.nodes[0]);
  const end = lastOf("late");
  expect(end?.node).toBe(cluster.nodes[0]);
  expect(end?.elapsedSeconds).toBeGreaterThan(0);
  expect(Date.parse(end?.at ?? "")).toBeGreaterThanOrEqual(Date.parse(running?.at ?? ""));
});
