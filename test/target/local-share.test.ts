import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLocal } from "../../packages/core/src/target/transport/local.ts";
import type { JobResources } from "../../packages/core/src/target/config/resources.ts";
import { findMarked } from "../harness/process.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { type LocalSubmission, openLocalSubmission } from "./local-run.ts";
import { type LocalSite, startLocalSite } from "./local-site.ts";

// What tasks share, as they see it themselves, and what is left of those that are cancelled.

let site: LocalSite;
let receiver: EventReceiver;
let submission: LocalSubmission;

beforeAll(async () => {
  site = await startLocalSite("/tmp/repx-local-share", 8);
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openLocalSubmission(site, receiver);
  await mkdir(join(submission.target.base, "live"));
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.log(await submission.readLogs(), receiver.events);
  await site.killAll();
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => site?.[Symbol.asyncDispose]());

/** Jobs that stay until they have seen another one, or have waited for it long enough, and note how many were there. */
function observers(count: number, name = "job") {
  const { base } = submission.target;
  const script = `touch ${base}/live/$$
i=0; while [ $i -lt 10 ]; do i=$((i + 1)); ls ${base}/live | wc -l >>${base}/seen; sleep 0.05; done
rm ${base}/live/$$`;
  return Array.from({ length: count }, (_, nth) => ({ stage: `${name}${nth}`, script }));
}

async function readMost(): Promise<number> {
  const seen = await readFile(join(submission.target.base, "seen"), "utf8");
  return Math.max(...seen.trim().split("\n").map(Number));
}

async function addObservers(count: number, resources: Partial<JobResources>): Promise<void> {
  await submission.add(observers(count), { resources });
}

test("no more jobs run at once than the target's local_concurrency", async () => {
  await addObservers(10, {});
  await submission.handIn({ concurrency: 3 });
  await submission.waitForRelay();
  expect(await readMost()).toBe(3);
});

test("jobs that ask for cores share those that the machine has", async () => {
  await addObservers(6, { cpusPerTask: 3 });
  await submission.handIn();
  await submission.waitForRelay();
  expect(await readMost()).toBe(2);
});

test("jobs that ask for memory share what the machine has", async () => {
  const line = (await readFile("/proc/meminfo", "utf8")).split("\n")[0] ?? "";
  const mebibytes = Math.floor(Number(line.split(/\s+/)[1]) / 1024);
  await addObservers(6, { mem: `${Math.floor(mebibytes * 0.4)}M` });
  await submission.handIn();
  await submission.waitForRelay();
  expect(await readMost()).toBe(2);
});

test("two submissions at once share cores, and neither hears of the other's jobs", async () => {
  const other = await openLocalSubmission(site, receiver, submission.target);
  await addObservers(5, { cpusPerTask: 3 });
  // The same job in two submissions runs once: these are other jobs.
  await other.add([]);
  await other.add(observers(5, "other"), { resources: { cpusPerTask: 3 } });
  await Promise.all([submission.handIn(), other.handIn()]);
  await Promise.all([submission.waitForRelay(), other.waitForRelay()]);
  expect(await readMost()).toBe(2);
  expect(receiver.events.filter(({ state }) => state === "COMPLETED").map(({ slurmId }) => slurmId)).toHaveLength(10);
  const agents = await site.user.run(["sh", "-c", 'cat "$1"/agent/*/agent.log', "sh", submission.target.base]);
  expect(agents.stdout).toContain(`takes ${submission.target.submission}: 5 tasks`);
  expect(agents.stdout).toContain(`takes ${other.target.submission}: 5 tasks`);
});

const READY = `touch "$1/ready"`;
const LONG = `${READY}; sleep 300 & wait`;

async function waitForReady(stage: string): Promise<void> {
  const path = join(submission.folderOf(stage), "out/ready");
  await waitUntil({ what: `${stage} to be ready`, timeoutSeconds: 30 }, async () => existsSync(path));
}

function lastOf(stage: string) {
  return receiver.events.findLast((event) => event.slurmId === submission.idOf(stage));
}

test("without a wish the others go on when one fails", async () => {
  await submission.add([
    { stage: "bad", script: "exit 1" },
    { stage: "good", script: "sleep 1" },
  ]);
  await submission.handIn({ concurrency: 1 });
  await submission.waitForRelay();
  expect([lastOf("bad")?.state, lastOf("good")?.state]).toEqual(["FAILED", "COMPLETED"]);
});

test("a submission that ends with its first failure cancels what runs and what waits, and skips what depends on it", async () => {
  const gate = join(submission.target.base, "gate");
  const bad = await submission.add([{ stage: "bad", script: `while [ ! -e ${gate} ]; do sleep 0.05; done; exit 1` }]);
  await submission.add([{ stage: "runs", script: LONG }]);
  await submission.add([{ stage: "waits", script: "exit 0" }], { resources: { cpusPerTask: 8 } });
  const after = { ok: [{ batch: bad }] };
  const next = await submission.add([{ stage: "next", script: "exit 0" }], { dependency: after });
  await submission.add([{ stage: "last", script: "exit 0" }], { dependency: { corresponding: [next] } });
  await submission.handIn({ isFailFast: true });
  await waitForReady("runs");
  await writeFile(gate, "");
  await submission.waitForRelay();
  expect(lastOf("bad")).toMatchObject({ state: "FAILED" });
  expect(lastOf("runs")).toMatchObject({ state: "CANCELLED", reason: "FailFast", signal: 15 });
  expect(lastOf("waits")).toMatchObject({ state: "CANCELLED", reason: "FailFast" });
  for (const stage of ["next", "last"])
    expect(lastOf(stage)).toMatchObject({ state: "CANCELLED", reason: "DependencyNeverSatisfied" });
});

test("a submission that is cancelled leaves nothing running, also of what left its session", async () => {
  const script = `(setsid sh -c 'trap "" TERM; sleep 300; sleep 300' &) ; (sleep 300 &); ${LONG}`;
  await submission.add([
    { stage: "first", script },
    { stage: "second", script: "exit 0" },
  ]);
  await submission.handIn({ concurrency: 1 });
  await waitForReady("first");
  const mark = `${submission.target.submission}/${submission.idOf("first")}/`;
  expect((await findMarked("REPX_TASK", mark)).length).toBeGreaterThan(4);
  await submission.cancel();
  await submission.waitForRelay();
  expect(await findMarked("REPX_TASK", mark)).toEqual([]);
  for (const stage of ["first", "second"]) {
    expect(lastOf(stage)).toMatchObject({ state: "CANCELLED" });
    expect(lastOf(stage)?.reason).toBeUndefined();
  }
});

test("what a job that succeeded left in the background ends with it", async () => {
  await submission.add([{ stage: "daemon", script: `setsid sh -c 'sleep 300; true' & sleep 300 & ${READY}` }]);
  await submission.handIn();
  await submission.waitForRelay();
  expect(lastOf("daemon")).toMatchObject({ state: "COMPLETED" });
  const mark = `${submission.target.submission}/${submission.idOf("daemon")}/`;
  expect(await findMarked("REPX_TASK", mark)).toEqual([]);
});

test("a submission that was cancelled before the agent took it ends without a job", async () => {
  await submission.add(observers(3));
  await submission.cancel();
  await submission.handIn();
  for (const stage of ["job0", "job1", "job2"]) await submission.waitForState(stage, "CANCELLED");
  expect(existsSync(join(submission.target.base, "seen"))).toBe(false);
});

test("what is handed in twice runs once", async () => {
  await submission.add(observers(2));
  await submission.handIn();
  await submission.handIn();
  await submission.waitForRelay();
  expect(receiver.events.filter(({ state }) => state === "COMPLETED")).toHaveLength(2);
});

test("a job that two submissions want runs once, also where no SLURM is", async () => {
  const other = await openLocalSubmission(site, receiver, submission.target);
  const script = `echo ran >>"$1/../ran"; sleep 1`;
  for (const one of [submission, other]) await one.add([{ stage: "same", script }]);
  await Promise.all([submission.handIn(), other.handIn()]);
  await Promise.all([submission.waitForRelay(), other.waitForRelay()]);
  expect(await readFile(join(submission.folderOf("same"), "ran"), "utf8")).toBe("ran\n");
  expect(receiver.events.filter(({ state }) => state === "COMPLETED").map(({ marker }) => marker)).toEqual([
    "SUCCESS",
    "SUCCESS",
  ]);
});

test("on this machine itself, without SSH, and for root, it is the same", async () => {
  await using transport = await openLocal({ environment: { ...site.environment, HOME: site.folder } });
  const here = await openLocalSubmission({ ...site, transport }, receiver, submission.target);
  await here.add([
    { stage: "good", script: "id -u" },
    { stage: "bad", script: "exit 3" },
  ]);
  await here.handIn();
  await here.waitForRelay();
  const ends = receiver.events.filter(({ state }) => state === "COMPLETED" || state === "FAILED");
  expect(ends).toHaveLength(2);
  expect(ends.find(({ slurmId }) => slurmId === here.idOf("good"))).toMatchObject({ marker: "SUCCESS", logTail: "0" });
  expect(ends.find(({ slurmId }) => slurmId === here.idOf("bad"))).toMatchObject({ state: "FAILED", exitCode: 3 });
});
