import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type Delivery, type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

const QUICK = { REPX_SWEEP_SECONDS: "2", REPX_BACKOFF_MAX_SECONDS: "1", REPX_REFUSED_SECONDS: "2" };
const FOLDER = "/tmp/repx-relay-files";

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: FOLDER, user, cpusPerNode: 8 });
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
  await rm(FOLDER, { recursive: true, force: true });
});

const DRAW = 'mkdir "$1/figures" && cd "$1/figures" && echo "<svg/>" >';

function listPuts(): readonly Delivery[] {
  return receiver.deliveries.filter(({ method }) => method === "PUT");
}

function nameFile({ path }: Delivery): string {
  return path.replace(/^.*-(\w+-1\.0)\//, "$1 ");
}

test("pictures follow the end of a job that succeeded, and nothing else does", async () => {
  const script = [
    `${DRAW}a.svg`,
    "cp a.svg b.png; cp a.svg .hidden.svg; cp a.svg 'odd name.svg'; cp a.svg table.csv",
    "ln -s /etc/passwd link.svg; mkdir inner; cp a.svg inner/c.svg",
    "head -c 5000001 /dev/zero >huge.png",
  ].join("\n");
  await submission.submit([
    { stage: "drawn", script },
    { stage: "broken", script: `${DRAW}a.svg; exit 3` },
    { stage: "plain", script: "exit 0" },
  ]);
  await submission.finish();
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(listPuts().map(nameFile)).toEqual(["drawn-1.0 figures/a.svg", "drawn-1.0 figures/b.png"]);
  expect(listPuts()[0]).toMatchObject({ authorization: `Bearer ${submission.token}`, lines: ["<svg/>"] });
  expect(listPuts()[0]?.path).toContain(`/api/submissions/${submission.target.submission}/files/`);
  const [event, picture] = [
    receiver.deliveries.findIndex(({ method }) => method === "POST"),
    receiver.deliveries.findIndex(({ method }) => method === "PUT"),
  ];
  expect(event).toBeLessThan(picture);
});

test("pictures that could not be sent are sent by whoever relays next", async () => {
  await submission.submit([{ stage: "drawn", script: `${DRAW}a.svg` }]);
  await submission.finish();
  receiver.answerFilesWith(503);
  await using first = await submission.startRelay(QUICK);
  await waitUntil({ what: "a picture that was not taken", timeoutSeconds: 60 }, async () =>
    listPuts().some(({ status }) => status === 503),
  );
  await first.kill("SIGKILL");
  await using second = await submission.startRelay(QUICK);
  const before = listPuts().length;
  await waitUntil({ what: "two more tries", timeoutSeconds: 30 }, async () => listPuts().length >= before + 2);
  receiver.answerFilesWith(200);
  expect(await second.waitForEnd(30)).toBe(0);
  expect(listPuts().filter(({ status }) => status === 200)).toHaveLength(1);
});

test("a coordinator that takes no files costs its relay nothing", async () => {
  await submission.submit([{ stage: "drawn", script: `${DRAW}a.svg; cp a.svg b.svg` }]);
  await submission.finish();
  receiver.answerFilesWith(404);
  await using relay = await submission.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(listPuts().map(({ status }) => status)).toEqual([404, 404]);
  expect(await submission.readLog()).toContain("refuses figures/a.svg");
  expect(await readdir(join(submission.target.folder, "files"))).toEqual([]);
});
