// The relay's pulse: that it watches, and how jobs wait in the queue.
import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand, SYSTEM_PATH } from "../harness/command.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, type ReceivedPulse, startEventReceiver } from "./event-receiver.ts";
import { listSpool, openSubmission, type Submission } from "./relay-run.ts";

const FOLDER = "/tmp/repx-relay-pulse";
const QUICK = { REPX_SWEEP_SECONDS: "1", REPX_PULSE_SECONDS: "3", REPX_REFUSED_SECONDS: "1" };

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: FOLDER, user, nodes: 1, cpusPerNode: 4 });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  onTestFailed(async () => console.log(receiver.pulses, receiver.events, await submission.readLog()));
});
afterEach(async () => {
  await cluster.run(["scancel", "--user", user.name]);
  await waitUntil({ what: "no job to run", timeoutSeconds: 30 }, async () => {
    const { stdout } = await cluster.run(["squeue", "-h", "-t", "RUNNING,COMPLETING"]);
    return stdout === "";
  });
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm(FOLDER, { recursive: true, force: true });
});

function makeOrders(count: number, script = "exit 0") {
  return Array.from({ length: count }, (_, index) => ({ stage: `job${index}`, script }));
}

async function submitHeld(count = 1): Promise<string> {
  const { slurmId } = await submission.submit(makeOrders(count), ["--hold"]);
  await submission.finish();
  return slurmId;
}

async function waitForPulse(is: (pulse: ReceivedPulse) => boolean, what = "a pulse"): Promise<ReceivedPulse> {
  return waitUntil({ what, timeoutSeconds: 40 }, async () => receiver.pulses.find(is));
}

async function waitForPulses(count: number): Promise<void> {
  await waitUntil({ what: `${count} pulses`, timeoutSeconds: 40 }, async () => receiver.pulses.length >= count);
}

test("I-01: a job that waits for hours is told with the queue's reason and the start that SLURM expects, and never as ended", async () => {
  const long = await submission.submit(makeOrders(1, "sleep 300 & wait"), ["--cpus-per-task=3", "--time=20"]);
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the long job to run", timeoutSeconds: 20 }, async () =>
    receiver.events.some(({ state }) => state === "RUNNING"),
  );
  const first = await submission.submit(makeOrders(1), ["--cpus-per-task=4", "--time=5"]);
  await submission.submit(makeOrders(5), ["--cpus-per-task=4", "--time=5", "--array=1-5%2"]);
  await submission.submit(makeOrders(2), [`--dependency=afterok:${first.slurmId}`]);
  await submission.submit(makeOrders(3), ["--hold"]);
  await submission.finish();
  const { queue = [], pulse } = await waitForPulse(({ queue: lines = [] }) => {
    const timed = lines.filter(({ startsAt }) => startsAt !== undefined).map(({ reason }) => reason);
    return timed.includes("Resources") && timed.includes("Priority");
  }, "both starts to be expected");
  expect(queue.map(({ reason, jobs }) => [reason, jobs])).toEqual([
    ["Priority", 5],
    ["JobHeldUser", 3],
    ["Dependency", 2],
    ["Resources", 1],
  ]);
  const startOf = (reason: string) => queue.find((line) => line.reason === reason)?.startsAt ?? "";
  // Not before the one that runs has come to its limit.
  expect(Date.parse(startOf("Resources")) - Date.parse(pulse)).toBeGreaterThan(900_000);
  expect(Date.parse(startOf("Resources")) - Date.parse(pulse)).toBeLessThan(1_300_000);
  expect(startOf("Priority") > startOf("Resources")).toBe(true);
  expect([startOf("JobHeldUser"), startOf("Dependency")]).toEqual(["", ""]);
  expect(receiver.events.map(({ slurmId, state }) => `${slurmId} ${state}`)).toEqual([`${long.slurmId}_1 RUNNING`]);
  await relay.kill("SIGKILL");
});

test("while nothing happens a pulse goes alone, as often as it is to, none is kept, and it ends with the jobs", async () => {
  const slurmId = await submitHeld(2);
  await using relay = await submission.startRelay(QUICK);
  await waitForPulses(4);
  const gaps = receiver.pulses.slice(1, 4).map((pulse, k) => pulse.receivedAt - (receiver.pulses[k]?.receivedAt ?? 0));
  for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(2000);
  expect(new Set(receiver.pulses.map(({ pulse }) => pulse)).size).toBe(receiver.pulses.length);
  expect(receiver.pulses.every(({ events, queue }) => events === 0 && queue?.[0]?.jobs === 2)).toBe(true);
  expect(receiver.events).toEqual([]);
  expect(await listSpool(submission.target)).toEqual([]);
  expect(existsSync(join(submission.target.folder, "events.ndjson"))).toBe(false);
  await cluster.run(["scontrol", "release", slurmId]);
  expect(await relay.waitForEnd(40)).toBe(0);
  expect(receiver.events.filter(({ state }) => state === "COMPLETED")).toHaveLength(2);
  const { lines = [] } = receiver.deliveries.at(-1) ?? {};
  expect(lines.some((line) => line.includes('"COMPLETED"'))).toBe(true);
  const count = receiver.deliveries.length;
  await using second = await submission.startRelay(QUICK);
  expect(await second.waitForEnd(20)).toBe(0);
  expect(receiver.deliveries).toHaveLength(count);
});

test("while jobs are still being handed over it watches, though all that it knows have ended", async () => {
  await submission.submit(makeOrders(1));
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the end", timeoutSeconds: 20 }, async () =>
    receiver.events.some(({ state }) => state === "COMPLETED"),
  );
  await waitForPulses(receiver.pulses.length + 2);
  expect(receiver.pulses.at(-1)?.queue).toEqual([]);
  await submission.finish();
  expect(await relay.waitForEnd(20)).toBe(0);
});

test("events take a pulse with them, and a queue that changed is told before its time", async () => {
  const go = join(submission.target.base, "go");
  await submission.submit(makeOrders(1, `while [ ! -e "${go}" ]; do sleep 0.1; done`));
  await submitHeld();
  // A tenth of it is the least between two.
  await using relay = await submission.startRelay({ ...QUICK, REPX_PULSE_SECONDS: "40" });
  await waitForPulse(({ queue: [line] = [] }) => line?.reason === "JobHeldUser", "the job to run");
  await waitUntil({ what: "the least time after the last", timeoutSeconds: 30 }, async () => {
    const isStarted = receiver.events.some(({ state }) => state === "RUNNING");
    return isStarted && Date.now() > (receiver.pulses.at(-1)?.receivedAt ?? 0) + 6000;
  });
  // The end of what runs changes nothing of what waits.
  const firstAt = receiver.pulses.at(-1)?.receivedAt ?? 0;
  await writeFile(go, "");
  const beside = await waitForPulse(({ receivedAt }) => receivedAt > firstAt, "a pulse beside the end");
  expect(beside.events).toBeGreaterThan(0);
  await submission.submit(makeOrders(4), ["--hold"]);
  const change = await waitForPulse(({ queue: lines = [] }) => lines[0]?.jobs === 5, "the change");
  expect(change.queue).toEqual([{ reason: "JobHeldUser", jobs: 5 }]);
  const before = receiver.pulses[receiver.pulses.indexOf(change) - 1]?.receivedAt ?? 0;
  expect(before).toBeGreaterThanOrEqual(beside.receivedAt);
  expect(change.receivedAt - before).toBeGreaterThanOrEqual(3000);
  expect(change.receivedAt - firstAt).toBeLessThan(35_000);
  await relay.kill("SIGKILL");
});

test("a scheduler that does not answer makes no pulse, and one goes at once when it is back", async () => {
  await submitHeld();
  await using relay = await submission.startRelay(QUICK);
  await waitForPulses(2);
  await cluster.stopController();
  const stoppedAt = Date.now();
  try {
    await waitUntil({ what: "the failing squeue to be logged", timeoutSeconds: 40 }, async () =>
      (await submission.readLog()).includes("squeue failed"),
    );
    const silentSince = Date.now();
    await waitUntil(
      { what: "far more than a pulse's time", timeoutSeconds: 20, intervalMs: 500 },
      async () => Date.now() > silentSince + 8000,
    );
    const told = receiver.pulses.map(({ pulse }) => pulse);
    expect(told).toEqual([...new Set(told)]);
    expect(Date.parse(told.at(-1) ?? "")).toBeLessThanOrEqual(stoppedAt + 1000);
  } finally {
    await cluster.startController();
  }
  const back = Date.now();
  await waitForPulse(({ receivedAt, pulse }) => receivedAt > back && Date.parse(pulse) >= back - 1000);
  await relay.kill("SIGKILL");
});

test("a coordinator that knows no pulses, or is away, costs no event", async () => {
  receiver.rejectLinesWith('{"pulse"');
  const slurmId = await submitHeld(3);
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "two rejected pulses", timeoutSeconds: 20 }, async () => receiver.deliveries.length > 1);
  receiver.answerWith(413);
  await waitUntil({ what: "a pulse that is too large", timeoutSeconds: 20 }, async () =>
    receiver.deliveries.some(({ status }) => status === 413),
  );
  await cluster.run(["scontrol", "release", slurmId]);
  await waitUntil({ what: "the ends to be in the spool", timeoutSeconds: 20 }, async () =>
    (await listSpool(submission.target)).some((name) => name.endsWith("COMPLETED.json")),
  );
  receiver.answerWith(200);
  expect(await relay.waitForEnd(40)).toBe(0);
  expect(receiver.pulses).toEqual([]);
  const aside = await readdirOrNone(join(submission.target.folder, "spool/rejected"));
  const told = [...receiver.events.map(({ id }) => String(id)), ...aside.map((name) => name.replace(/\.json$/, ""))];
  expect(told.filter((id) => id.endsWith("COMPLETED")).toSorted()).toEqual(
    [1, 2, 3].map((k) => `${slurmId}_${k}.0.COMPLETED`),
  );
});

async function readdirOrNone(path: string): Promise<string[]> {
  const { stdout } = await runCommand(["sh", "-c", 'ls "$1" 2>/dev/null; true', "sh", path]);
  return stdout.split("\n").filter((name) => name !== "");
}

test("one squeue a look is all that SLURM is asked, however much waits", async () => {
  const tools = join(submission.target.base, "tools");
  await mkdir(tools);
  for (const name of ["squeue", "sacct", "scontrol", "sinfo"]) {
    const counting = `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>${tools}/asked\nexec /usr/bin/${name} "$@"\n`;
    await writeFile(join(tools, name), counting, { mode: 0o755 });
  }
  await submission.target.giveAway();
  await submission.submit(makeOrders(20), ["--hold"]);
  await submission.finish();
  await using relay = await submission.startRelay({ ...QUICK, PATH: `${tools}:${SYSTEM_PATH}` });
  await waitForPulses(3);
  const seconds = ((receiver.pulses.at(-1)?.receivedAt ?? 0) - (receiver.pulses[0]?.receivedAt ?? 0)) / 1000;
  const asked = (await readFile(join(tools, "asked"), "utf8")).trimEnd().split("\n");
  expect(new Set(asked.map((line) => line.split(" ")[0]))).toEqual(new Set(["squeue"]));
  expect(asked.join("\n")).not.toContain("--start");
  expect(asked.length).toBeLessThanOrEqual(seconds + 4);
  await relay.kill("SIGKILL");
});

test("I-42: after three days in the queue the submission's token alone is needed, as it is when something is sent", async () => {
  const { folder, base } = submission.target;
  const slurmId = await submitHeld();
  await using first = await submission.startRelay(QUICK);
  await waitForPulses(1);
  await first.kill("SIGTERM");
  const since = Math.floor(Date.now() / 1000) - 3 * 86_400;
  const { stdout: files } = await runCommand(["find", base, "-path", `${base}/bin`, "-prune", "-o", "-print"]);
  for (const path of files.trimEnd().split("\n")) await utimes(path, since, since);
  await writeFile(join(folder, "relay/began"), `${new Date((since - 7200) * 1000).toISOString().slice(0, 19)}\n`);
  await submission.target.giveAway();
  await using second = await submission.startRelay(QUICK);
  await waitForPulses(2);
  expect(receiver.deliveries.at(-1)?.authorization).toBe(`Bearer ${submission.token}`);
  await writeFile(join(folder, "token"), `another-token-for-this-submission-0123\n`);
  const count = receiver.pulses.length;
  await waitForPulses(count + 2);
  expect(receiver.deliveries.at(-1)?.authorization).toBe("Bearer another-token-for-this-submission-0123");
  const environment = (await readFile(`/proc/${second.pid}/environ`, "utf8"))
    .split("\0")
    .map((pair) => pair.split("=")[0]);
  expect(environment.filter((name) => /TOKEN|SECRET|KEY|GITHUB|ACTIONS/.test(name ?? ""))).toEqual([]);
  expect((await stat(join(folder, "token"))).mode & 0o077).toBe(0);
  await cluster.run(["scontrol", "release", slurmId]);
  expect(await second.waitForEnd(40)).toBe(0);
  expect(receiver.events.at(-1)).toMatchObject({ state: "COMPLETED", marker: "SUCCESS" });
});
