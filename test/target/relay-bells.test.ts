import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { startEventReceiver } from "./event-receiver.ts";
import { openSubmission } from "./relay-run.ts";

const HOOK = join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog");
let cluster: SlurmCluster;
let user: ClusterUser;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-bells", user, cpusPerNode: 16, epilog: HOOK });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  for (const name of ["bells", "site-hook"]) await rm(`/tmp/repx-relay-${name}`, { recursive: true, force: true });
});

const NEVER = "3600";

test("I-20: where a site's own hook fails before it calls ours, the sweep finds the ends", async () => {
  const folder = "/tmp/repx-relay-site-hook";
  const site = join(folder, "site-hook");
  await mkdir(folder, { recursive: true });
  await writeFile(site, `#!/bin/sh\ntouch ${folder}/slurm/doorbells/called\nfalse || exit 1\nexec ${HOOK}\n`);
  await using failing = await startSlurmCluster({ folder: join(folder, "slurm"), user, nodes: 1, epilog: site });
  await using receiver = await startEventReceiver();
  const submission = await openSubmission(failing, receiver, user);
  await using target = submission.target;
  await rm(join(target.folder, "bells"), { recursive: true });
  const { slurmId } = await submission.submit([{ stage: "good", script: "sleep 2" }]);
  await submission.finish();
  await using relay = await submission.startRelay({ REPX_SWEEP_SECONDS: "1", REPX_SPOOL: failing.doorbells });
  expect(await relay.waitForEnd(30)).toBe(0);
  expect(await readdir(failing.doorbells)).toEqual(["called"]);
  expect(receiver.events.at(-1)).toMatchObject({ slurmId: `${slurmId}_1`, state: "COMPLETED" });
});

test("I-21: a hook that rings again for an end that was told brings no second event", async () => {
  await using receiver = await startEventReceiver();
  const submission = await openSubmission(cluster, receiver, user);
  await using target = submission.target;
  const { slurmId } = await submission.submit([{ stage: "good", script: "true" }]);
  // Not finished with its submitting, the relay stays.
  await using relay = await submission.startRelay({ REPX_SWEEP_SECONDS: NEVER, REPX_SPOOL: cluster.doorbells });
  await waitUntil({ what: "the end", timeoutSeconds: 30 }, async () =>
    receiver.events.some((event) => event.state === "COMPLETED"),
  );
  const told = receiver.deliveries.length;
  // What slurmctld runs once more after a restart; a new file under the same name, and a bell of another job's end.
  const environment = { SLURM_JOB_WORK_DIR: target.folder, SLURM_JOB_ID: slurmId, SLURM_JOB_RESTART_COUNT: "0" };
  const wrapper = join(cluster.folder, "programs/epilog-slurmctld");
  await runCommand([wrapper], {
    environment: { ...environment, SLURM_ARRAY_JOB_ID: slurmId, SLURM_ARRAY_TASK_ID: "1" },
  });
  await submission.submit([{ stage: "next", script: "true" }]);
  await submission.finish();
  expect(await relay.waitForEnd(30)).toBe(0);
  expect(receiver.deliveries.length).toBeGreaterThan(told);
  const ends = receiver.events.filter((event) => event.state === "COMPLETED");
  expect(ends.map((event) => event.job.slice(33))).toEqual(["good-1.0", "next-1.0"]);
});

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
