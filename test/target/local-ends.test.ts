import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { JobEvent } from "../../packages/core/src/model/protocol.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { type LocalSubmission, openLocalSubmission } from "./local-run.ts";
import { type LocalSite, startLocalSite } from "./local-site.ts";

// Every kind of end that the scheduler `local` knows, in one submission over SSH; the relay tells of them in SLURM's words.

let site: LocalSite;
let receiver: EventReceiver;
let submission: LocalSubmission;

const LONG = `touch "$1/ready"; sleep 300 & wait`;

beforeAll(async () => {
  receiver = await startEventReceiver();
  site = await startLocalSite("/tmp/repx-local-ends", 16);
  submission = await openLocalSubmission(site, receiver);
  await submitAll();
  await waitUntil({ what: "the long jobs to be reported as running", timeoutSeconds: 40 }, async () =>
    ["running", "deaf"].every((stage) => eventsOf(stage).some((event) => event.state === "RUNNING")),
  );
  await submission.cancel([submission.idOf("running"), submission.idOf("pending"), submission.idOf("deaf")]);
  await submission.waitForRelay();
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

async function submitAll(): Promise<void> {
  const first = await submission.add([
    { stage: "first", script: `env >"$1/environment"; echo fine; echo '{"pi": 3.14}' >"$1/metrics.json"` },
    { stage: "second", script: "echo sorry >&2; exit 3" },
  ]);
  await submission.add(
    [
      { stage: "after-first", script: "exit 0" },
      { stage: "after-second", script: "exit 0" },
    ],
    { dependency: { corresponding: [first] } },
  );
  const never = await submission.add([{ stage: "never", script: "exit 0" }], {
    dependency: { ok: [{ batch: first }] },
  });
  const all = { ok: [{ batch: never }], any: [{ batch: first }] };
  await submission.add([{ stage: "never-either", script: "exit 0" }], { dependency: all });
  await submission.add([{ stage: "soft", script: "exit 0" }], {
    dependency: { any: [{ batch: first }, { batch: never }] },
  });
  await submission.add([{ stage: "one", script: "exit 0" }], {
    dependency: { ok: [{ batch: first, index: 1 }] },
  });
  const late = await submission.add([{ stage: "late", script: LONG }], {
    resources: { time: "00:00:02", cpusPerTask: 2, mem: "300M" },
  });
  await submission.add([{ stage: "after-late", script: "exit 0" }], {
    dependency: { any: [{ batch: late }] },
  });
  const running = await submission.add([{ stage: "running", script: LONG }]);
  await submission.add([{ stage: "deaf", script: `trap '' TERM; ${LONG}; wait; sleep 300` }]);
  await submission.add([{ stage: "pending", script: "exit 0" }], {
    dependency: { any: [{ batch: running }] },
  });
  await submission.handIn();
}

function eventsOf(stage: string): JobEvent[] {
  return receiver.events.filter((event) => event.slurmId === submission.idOf(stage));
}

test("the machine has none of SLURM's programs", async () => {
  const argv = ["sh", "-c", "command -v sbatch squeue scancel sacct scontrol"];
  expect(await site.transport.run({ argv })).toMatchObject({ stdout: "" });
});

test.each([
  {
    stage: "first",
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
    stage: "second",
    end: { state: "FAILED", marker: "FAIL", exitCode: 3, reason: "NonZeroExitCode", logTail: "sorry" },
  },
  { stage: "after-first", end: { state: "COMPLETED", marker: "SUCCESS" } },
  { stage: "after-second", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
  { stage: "never", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
  { stage: "never-either", end: { state: "CANCELLED", reason: "DependencyNeverSatisfied" } },
  { stage: "soft", end: { state: "COMPLETED", marker: "SUCCESS" } },
  { stage: "one", end: { state: "COMPLETED", marker: "SUCCESS" } },
  { stage: "late", end: { state: "TIMEOUT", signal: 15, reason: "TimeLimit" } },
  { stage: "after-late", end: { state: "COMPLETED", marker: "SUCCESS" } },
  { stage: "running", end: { state: "CANCELLED", signal: 15 } },
  { stage: "deaf", end: { state: "CANCELLED", signal: 9 } },
  { stage: "pending", end: { state: "CANCELLED" } },
])("$stage ends as $end.state", async ({ stage, end }) => {
  onTestFailed(async () => console.log(await submission.readLogs()));
  const events = eventsOf(stage);
  expect({ reason: undefined, ...events.at(-1) }).toMatchObject({
    reason: undefined,
    ...end,
    attempt: 1,
    slurmId: submission.idOf(stage),
  });
  expect(events.filter((event) => event.state === end.state)).toHaveLength(1);
});

test("a job that ran says where and how long, and one that did not says neither", async () => {
  const late = eventsOf("late").at(-1);
  expect(late?.node).toMatch(/./);
  expect(late?.elapsedSeconds).toBeGreaterThanOrEqual(1);
  expect(eventsOf("pending").at(-1)?.node).toBeUndefined();
});

test("an end tells what the agent gave, and of a job that never began nothing", () => {
  const given = { cpus: 2, nodes: 1, memoryMebibytes: 300 };
  expect(eventsOf("late").at(-1)).toMatchObject(given);
  expect(eventsOf("first").at(-1)).toMatchObject({ cpus: 1, nodes: 1, memoryMebibytes: 1024 });
  const never = Object.keys(eventsOf("never").at(-1) ?? {});
  expect(never.filter((key) => key in given)).toEqual([]);
});

test("a pulse tells how jobs wait in the agent's words", () => {
  const lines = receiver.pulses.flatMap(({ queue = [] }) => queue);
  const reasons = new Set(lines.map(({ reason }) => reason));
  expect(reasons).toContain("Dependency");
  // What is ready may be seen before it has started.
  expect([...reasons].filter((reason) => reason !== "Dependency" && reason !== "Resources")).toEqual([]);
});

test("the record names the task by its id, and the job saw no variable of SLURM's or of ours that is an id", async () => {
  const record = await readFile(join(submission.folderOf("first"), "repx/job.json"), "utf8");
  expect(record).toContain(`"slurmId":"${submission.idOf("first")}","restarts":0`);
  const environment = await readFile(join(submission.folderOf("first"), "out/environment"), "utf8");
  expect(environment).not.toMatch(/^(SLURM|REPX_LOCAL_ID|REPX_AGENT|LC_ALL|TZ)/m);
  expect(environment).toContain(`REPX_TASK=${submission.target.submission}/${submission.idOf("first")}/\n`);
});

test("the agent ends when nothing is left, and keeps nothing of the submission but its log and table", async () => {
  const { stdout } = await site.user.run([
    "sh",
    "-c",
    'ls "$1"/agent/*/wanted "$1"/agent/*/running',
    "sh",
    submission.target.base,
  ]);
  expect(stdout.split("\n").filter((line) => /^s|^[0-9]/.test(line))).toEqual([]);
  const left = await site.user.run(["ls", join(submission.target.folder, "local")]);
  expect(left.stdout.split("\n").filter((name) => name !== "")).toEqual([
    "agent",
    "cancel",
    "log",
    "plan.tsv",
    "queue",
  ]);
});
