import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { startEventReceiver } from "./event-receiver.ts";
import { openSubmission } from "./relay-run.ts";

let cluster: SlurmCluster;
let user: ClusterUser;

beforeAll(async () => {
  user = await ensureClusterUser();
  const epilog = join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog");
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-bells", user, cpusPerNode: 16, epilog });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm("/tmp/repx-relay-bells", { recursive: true, force: true });
});

const NEVER = "3600";

test.each([
  { source: "the jobs' own bells", keepsBells: true, sweepSeconds: NEVER, hasEpilog: false, timeoutSeconds: 30 },
  { source: "the epilog's doorbells", keepsBells: false, sweepSeconds: NEVER, hasEpilog: true, timeoutSeconds: 30 },
  { source: "the sweep", keepsBells: false, sweepSeconds: "2", hasEpilog: false, timeoutSeconds: 30 },
])("$source alone suffice", async ({ keepsBells, sweepSeconds, hasEpilog, timeoutSeconds }) => {
  await using receiver = await startEventReceiver();
  const submission = await openSubmission(cluster, receiver, user);
  await using target = submission.target;
  onTestFailed(async () => console.log(await submission.readLog()));
  if (!keepsBells) await rm(join(target.folder, "bells"), { recursive: true });
  // Long enough that the look at the new rows in slurm.tsv sees no end.
  const { slurmId } = await submission.submit([
    { stage: "good", script: `sleep 3; date +%s%3N >"$1/ended"` },
    { stage: "bad", script: `sleep 3; date +%s%3N >"$1/ended"; exit 5` },
  ]);
  await submission.finish();
  await using relay = await submission.startRelay({
    REPX_SWEEP_SECONDS: sweepSeconds,
    ...(hasEpilog && { REPX_SPOOL: cluster.doorbells }),
  });
  expect(await relay.waitForEnd(timeoutSeconds)).toBe(0);
  const ends = receiver.events.filter((event) => event.state !== "RUNNING");
  expect(ends.map((event) => `${event.slurmId} ${event.state} ${event.exitCode}`).toSorted()).toEqual([
    `${slurmId}_1 COMPLETED 0`,
    `${slurmId}_2 FAILED 5`,
  ]);
  const delays = await Promise.all(
    ends.map(async (event) => event.receivedAt - Number(await target.read(event.job, "out/ended"))),
  );
  console.log(`from the job's end to the event: ${delays.join(" and ")} ms`);
});
