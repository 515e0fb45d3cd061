import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { listSpool, openSubmission, type Submission } from "./relay-run.ts";

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

const QUICK = { REPX_SWEEP_SECONDS: "2", REPX_BACKOFF_MAX_SECONDS: "1", REPX_REFUSED_SECONDS: "2" };

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-delivery", user, cpusPerNode: 32 });
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
  await rm("/tmp/repx-relay-delivery", { recursive: true, force: true });
});

async function submitMany(count: number, script = "exit 0"): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, index) => ({ stage: `many${index}`, script }));
  const { slurmId } = await submission.submit(jobs);
  await submission.finish();
  return jobs.map((_, index) => `${slurmId}_${index + 1}`);
}

function endsOf(): string[] {
  return receiver.events.filter((event) => event.state === "COMPLETED").map((event) => event.slurmId);
}

async function waitForSpool(count: number): Promise<void> {
  await waitUntil({ what: `${count} ends in the spool`, timeoutSeconds: 40 }, async () => {
    const names = await listSpool(submission.target);
    return names.filter((name) => name.endsWith(".COMPLETED.json")).length === count;
  });
}

test("a receiver that is down for a while loses nothing and gets nothing twice", async () => {
  await receiver.stop();
  const ids = await submitMany(20);
  await using relay = await submission.startRelay(QUICK);
  await waitForSpool(20);
  receiver.answerWith(503);
  await receiver.start();
  await waitUntil({ what: "a refused delivery", timeoutSeconds: 10 }, async () => receiver.deliveries.length > 0);
  receiver.answerWith("hang up");
  const before = receiver.deliveries.length;
  await waitUntil({ what: "a broken delivery", timeoutSeconds: 10 }, async () => receiver.deliveries.length > before);
  receiver.answerWith(200);
  expect(await relay.waitForEnd(30)).toBe(0);
  expect(endsOf().toSorted()).toEqual(ids.toSorted());
  expect(await listSpool(submission.target)).toEqual([]);
});

test("a relay that is killed and started again loses nothing", async () => {
  receiver.answerWith(503);
  const ids = await submitMany(20, "sleep 1");
  await using first = await submission.startRelay(QUICK);
  await waitUntil({ what: "the first delivery", timeoutSeconds: 20 }, async () => receiver.deliveries.length > 0);
  await first.kill("SIGKILL");
  await using second = await submission.startRelay(QUICK);
  await waitForSpool(20);
  await second.kill("SIGKILL");
  receiver.answerWith(200);
  await using third = await submission.startRelay(QUICK);
  expect(await third.waitForEnd(30)).toBe(0);
  expect([...new Set(endsOf())].toSorted()).toEqual(ids.toSorted());
});

test("of two relays for one submission the second ends at once with 0", async () => {
  await submission.submit([{ stage: "long", script: "sleep 4" }]);
  await using first = await submission.startRelay(QUICK);
  await waitUntil({ what: "the first relay's claim", timeoutSeconds: 10 }, async () =>
    (await submission.readLog()).includes("started"),
  );
  await using second = await submission.startRelay(QUICK);
  expect(await second.waitForEnd(5)).toBe(0);
  expect((await submission.readLog()).match(/started/g)).toHaveLength(1);
  await submission.finish();
  expect(await first.waitForEnd(30)).toBe(0);
});

test("events go to the submission's address in batches, with a token that nobody else sees", async () => {
  receiver.answerWith(503);
  await submitMany(5);
  await using relay = await submission.startRelay(QUICK);
  await waitForSpool(5);
  const seen = await watchArguments(relay.pid);
  receiver.answerWith(200);
  expect(await relay.waitForEnd(30)).toBe(0);
  const last = receiver.deliveries.at(-1);
  expect(last).toMatchObject({
    path: `/api/submissions/${submission.target.submission}/events`,
    authorization: `Bearer ${submission.token}`,
    contentType: "application/x-ndjson",
  });
  expect(receiver.deliveries.filter((one) => one.status === 200).length).toBeLessThanOrEqual(2);
  expect(seen).toContain("curl");
  expect(seen).not.toContain(submission.token);
  const found = await tryCommand(["grep", "-rl", submission.token, submission.target.base]);
  expect(found.stdout).toBe(`${submission.target.folder}/token\n`);
});

/** Arguments and environments of the user's processes, until a delivery was seen. */
async function watchArguments(pid: number): Promise<string> {
  let seen = "";
  const deadline = Date.now() + 15_000;
  while (!seen.includes("curl") && Date.now() < deadline) {
    seen += (
      await runCommand([
        "sh",
        "-c",
        'ps -ww -o args= -g "$1"; cat /proc/$1/environ | tr "\\0" "\\n"',
        "sh",
        String(pid),
      ])
    ).stdout;
  }
  return seen;
}

test("a line that the coordinator rejects is set aside and does not hold up the others", async () => {
  receiver.rejectLinesWith("many1-");
  const ids = await submitMany(3);
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(40)).toBe(0);
  expect(endsOf().toSorted()).toEqual(ids.toSpliced(1, 1).toSorted());
  const rejected = await readdir(join(submission.target.folder, "spool/rejected"));
  expect(rejected).toContain(`${ids[1]}.0.COMPLETED.json`);
  expect(rejected.every((name) => name.startsWith(`${ids[1]}.`))).toBe(true);
  expect(await submission.readLog()).toContain(`rejected`);
});

test.each([401, 403, 404, 410])(
  "after %i the relay waits long before it tries again, and keeps what it has",
  async (status) => {
    receiver.answerWith(status);
    const ids = await submitMany(1);
    await using relay = await submission.startRelay(QUICK);
    await waitForSpool(1);
    await waitUntil({ what: "the refusal in the log", timeoutSeconds: 20 }, async () =>
      (await submission.readLog()).includes(`refuses events (${status})`),
    );
    receiver.answerWith(200);
    expect(await relay.waitForEnd(30)).toBe(0);
    expect(endsOf()).toEqual(ids);
  },
);

test("a batch that is too large is sent in smaller ones", async () => {
  receiver.answerWith(503);
  const ids = await submitMany(4);
  await using relay = await submission.startRelay(QUICK);
  await waitForSpool(4);
  receiver.answerWith(413);
  const isSmall = async () => receiver.deliveries.some((one) => one.status === 413 && one.lines.length <= 2);
  await waitUntil({ what: "a smaller batch", timeoutSeconds: 20 }, isSmall);
  receiver.answerWith(200);
  expect(await relay.waitForEnd(30)).toBe(0);
  const aside = await readdir(join(submission.target.folder, "spool/rejected")).catch(() => []);
  const known = [
    ...endsOf(),
    ...aside.filter((name) => name.endsWith("COMPLETED.json")).map((name) => name.split(".")[0] ?? ""),
  ];
  expect(known.toSorted()).toEqual(ids.toSorted());
});

test("I-16: a marker that comes late from the node is waited for, long after the other records", async () => {
  const { slurmId, ids } = await submission.submit([{ stage: "late", script: "exit 0" }], [], "true");
  await submission.finish();
  await using relay = await submission.startRelay({ ...QUICK, REPX_RECORD_SECONDS: "1" });
  const late = join(submission.target.folder, "relay/late", `${slurmId}_1.0`);
  await waitUntil({ what: "the relay to miss the marker", timeoutSeconds: 20 }, async () => existsSync(late));
  const missed = Number(await readFile(late, "utf8"));
  await waitUntil({ what: "the relay to look again, later", timeoutSeconds: 20 }, async () => {
    const looked = (await stat(join(submission.target.folder, "relay.pid"))).mtimeMs / 1000;
    return looked >= missed + 3;
  });
  const records = join(submission.target.base, "outputs", ids[0] ?? "", "repx");
  await mkdir(records, { recursive: true });
  const attempt = `"submission":"${submission.target.submission}","slurmId":"${slurmId}_1","restarts":0,"node":"n"`;
  await writeFile(join(records, "job.json"), `{"attempt":{"number":1,${attempt}},\n"job":null}\n`);
  await writeFile(join(records, "stdout.log"), "late words\n");
  await writeFile(join(records, "SUCCESS"), "");
  expect(await relay.waitForEnd(15)).toBe(0);
  expect(receiver.events.at(-1)).toMatchObject({ state: "COMPLETED", marker: "SUCCESS", logTail: "late words" });
});

test("a scheduler that does not answer is no verdict", async () => {
  await submission.submit([{ stage: "long", script: "sleep 3" }]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the start", timeoutSeconds: 20 }, async () =>
    receiver.events.some((event) => event.state === "RUNNING"),
  );
  await cluster.stopController();
  try {
    await waitUntil({ what: "the failing squeue to be logged", timeoutSeconds: 40 }, async () =>
      (await submission.readLog()).includes("squeue failed"),
    );
    expect(endsOf()).toEqual([]);
  } finally {
    await cluster.startController();
  }
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(endsOf()).toHaveLength(1);
});

test("a submission whose folder is gone ends the relay", async () => {
  await submission.submit([{ stage: "long", script: "sleep 2" }]);
  await using relay = await submission.startRelay(QUICK);
  await waitUntil({ what: "the claim", timeoutSeconds: 10 }, async () =>
    (await submission.readLog()).includes("started"),
  );
  // At once, as seen by a relay that writes there: a removal file by file would meet a new one.
  await rename(submission.target.folder, `${submission.target.folder}.gone`);
  expect(await relay.waitForEnd(10)).toBe(0);
});

test("a submission without jobs ends the relay at once", async () => {
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(10)).toBe(0);
  expect(await readFile(join(submission.target.folder, "settled"), "utf8")).toBe("");
});
