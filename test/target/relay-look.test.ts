// `repx-relay --look`: how a submission stands, asked once, whatever has become of its relay.
import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

const FOLDER = "/tmp/repx-relay-look";
const QUICK = { REPX_SWEEP_SECONDS: "2" };

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: FOLDER, user, cpusPerNode: 32 });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user);
  onTestFailed(async () => console.log(await submission.readLog()));
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

interface Looked {
  readonly facts: Readonly<Record<string, string>>;
  /** Ids of events: kept ones, and those of this look alone. */
  readonly kept: readonly string[];
  readonly now: readonly string[];
  readonly text: string;
}

async function look(knownBytes = 0, environment: Readonly<Record<string, string>> = {}): Promise<Looked> {
  const { target } = submission;
  const argv = [join(target.programs, "repx-relay"), target.base, target.submission, "--look", "MARK"];
  const { stdout } = await user.run([...argv, String(knownBytes)], {
    environment: { ...cluster.environment, ...QUICK, ...environment },
  });
  const [head = "", rest = ""] = stdout.split(/^MARK events /m);
  const [kept = "", now = ""] = rest.split(/^MARK now$/m);
  expect(now.trimEnd().endsWith("MARK end")).toBe(true);
  const pairs = [...head.matchAll(/^MARK (\S+) ?(.*)$/gm)].map(([, name = "", value = ""]) => [name, value] as const);
  return { facts: Object.fromEntries(pairs), kept: listIds(kept), now: listIds(now), text: stdout };
}

function listIds(lines: string): string[] {
  return [...lines.matchAll(/^\{"id":"([^"\n]+)"/gm)].map(([, id = ""]) => id);
}

async function forgetCoordinator(): Promise<void> {
  await rm(join(submission.target.folder, "coordinator"));
  await rm(join(submission.target.folder, "token"));
}

async function readEvents(): Promise<string> {
  return readFile(join(submission.target.folder, "events.ndjson"), "utf8").catch(() => "");
}

test("without a coordinator the relay keeps every event, sends none, and ends when all jobs have", async () => {
  await forgetCoordinator();
  const { slurmId } = await submission.submit([
    { stage: "good", script: `echo '{"pi": 3}' >"$1/metrics.json"` },
    { stage: "bad", script: "echo broken >&2; exit 3" },
  ]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(receiver.deliveries).toEqual([]);
  const text = await readEvents();
  expect(listIds(text)).toEqual(expect.arrayContaining([`${slurmId}_1.0.COMPLETED`, `${slurmId}_2.0.FAILED`]));
  expect(text).not.toMatch(/logTail|metricsText/);
  expect(text).toContain('"marker":"FAIL"');
  const looked = await look();
  expect(looked.facts).toMatchObject({ scheduler: "up", relay: "none", handed: "yes" });
  expect([listIds(text), []]).toEqual([looked.kept, looked.now]);
});

test("with a coordinator the kept events are the sent ones, without their long texts", async () => {
  await submission.submit([{ stage: "chatty", script: "seq 2000; exit 1" }]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  const text = await readEvents();
  expect(new Set(listIds(text))).toEqual(new Set(receiver.events.map(({ id }) => String(id))));
  expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThan(2000);
});

test("a look beside a living relay changes nothing of it, and tells why a job waits", async () => {
  const { slurmId } = await submission.submit([{ stage: "held", script: "exit 0" }], ["--hold"]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the relay", timeoutSeconds: 20 }, async () => (await look()).facts["relay"] === "alive");
  const { now, text } = await look();
  expect(now).toEqual([`${slurmId}_1.0.PENDING`]);
  expect(text).toContain('"reason":"JobHeldUser"');
  expect(await readEvents()).toBe("");
  await cluster.run(["scontrol", "release", slurmId]);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect((await submission.readLog()).match(/started/g)).toHaveLength(1);
  expect(new Set(receiver.events.map(({ state }) => state))).toContain("COMPLETED");
});

test("where the relay was killed a look knows the ends, and the relay lives again to tell of them", async () => {
  const { slurmId } = await submission.submit([{ stage: "short", script: "exit 0" }], ["--hold"]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the relay", timeoutSeconds: 20 }, async () => (await look()).facts["relay"] === "alive");
  await relay.kill("SIGKILL");
  // As a kill in the middle of a line leaves it.
  await writeFile(join(submission.target.folder, "events.ndjson"), '{"id":"torn');
  await submission.target.giveAway();
  await cluster.run(["scontrol", "release", slurmId]);
  await waitUntil({ what: "the job's end", timeoutSeconds: 30 }, async () => {
    const { stdout } = await cluster.run(["squeue", "-h", "-t", "all", "-j", slurmId, "-o", "%T"]);
    return stdout.trim() === "COMPLETED";
  });
  const { facts, now } = await look();
  expect(facts["relay"]).toBe("none");
  expect(now).toContain(`${slurmId}_1.0.COMPLETED`);
  await waitUntil({ what: "the end to be kept", timeoutSeconds: 30 }, async () =>
    listIds(await readEvents()).includes(`${slurmId}_1.0.COMPLETED`),
  );
  await waitUntil({ what: "the end to be sent", timeoutSeconds: 30 }, async () =>
    receiver.events.some(({ state }) => state === "COMPLETED"),
  );
});

test("a look does not make a waiting relay wait longer for a marker", async () => {
  const { slurmId } = await submission.submit([{ stage: "mute", script: "exit 0" }], [], "true");
  await submission.finish();
  await using relay = await submission.startRelay({ ...QUICK, REPX_RECORD_SECONDS: "1" });
  const late = join(submission.target.folder, "relay/late", `${slurmId}_1.0`);
  await waitUntil({ what: "the relay to miss the marker", timeoutSeconds: 20 }, async () => existsSync(late));
  const since = await readFile(late, "utf8");
  // A look that has no patience itself.
  expect((await look(0, { REPX_MARKER_SECONDS: "0" })).now).toContain(`${slurmId}_1.0.COMPLETED`);
  expect(await readFile(late, "utf8")).toBe(since);
  await relay.kill("SIGKILL");
});

test("a relay that was ended by a signal, as at a reboot, is started again by the next look", async () => {
  const { slurmId } = await submission.submit([{ stage: "short", script: "exit 0" }], ["--hold"]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the relay", timeoutSeconds: 20 }, async () => (await look()).facts["relay"] === "alive");
  await relay.kill("SIGTERM");
  // By it whoever submits next finds it as well.
  expect(existsSync(join(submission.target.folder, "relay.pid"))).toBe(true);
  await cluster.run(["scontrol", "release", slurmId]);
  await look();
  await waitUntil({ what: "the end to be sent", timeoutSeconds: 30 }, async () =>
    receiver.events.some(({ state }) => state === "COMPLETED"),
  );
  expect((await submission.readLog()).match(/started/g)).toHaveLength(2);
});

test("a look that knows some bytes prints what came after them", async () => {
  const text = ["1.0.RUNNING", "1.0.COMPLETED"].map((id) => `{"id":"${id}"}\n`);
  await appendFile(join(submission.target.folder, "events.ndjson"), text.join(""));
  await submission.finish();
  await submission.target.giveAway();
  expect((await look()).kept).toEqual(["1.0.RUNNING", "1.0.COMPLETED"]);
  expect((await look(text[0]?.length)).kept).toEqual(["1.0.COMPLETED"]);
  expect((await look(text.join("").length)).kept).toEqual([]);
});

test("a scheduler that is down is told, with the time of the last look that it answered", async () => {
  const { slurmId } = await submission.submit([{ stage: "long", script: "sleep 60" }]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the start to be kept", timeoutSeconds: 30 }, async () =>
    listIds(await readEvents()).includes(`${slurmId}_1.0.RUNNING`),
  );
  await cluster.stopController();
  try {
    const before = Math.floor(Date.now() / 1000);
    const { facts, kept } = await look();
    expect(facts["scheduler"]).toBe("down");
    expect(facts["error"]).not.toBe("");
    expect(Number(facts["seen"])).toBeLessThanOrEqual(before + 1);
    expect(kept).toEqual([`${slurmId}_1.0.RUNNING`]);
  } finally {
    await cluster.startController();
  }
  await relay.kill("SIGKILL");
});
