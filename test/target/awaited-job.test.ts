import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import { JobId, LabHash, SubmissionId } from "../../packages/core/src/model/ids.ts";
import { JobEvent } from "../../packages/core/src/model/protocol.ts";
import { placeAwaited, renderAwaited } from "../../packages/core/src/schedule/awaited-jobs.ts";
import { planBatches } from "../../packages/core/src/schedule/batches.ts";
import type { QueuedJob } from "../../packages/core/src/schedule/plan.ts";
import { lookAgain, parseQueue, QUEUE_QUESTION } from "../../packages/core/src/schedule/queue-question.ts";
import { renderBatchScript, renderSbatchArguments } from "../../packages/core/src/schedule/sbatch-command.ts";
import { renderBatchFiles } from "../../packages/core/src/schedule/submission-files.ts";
import { cancelSubmission } from "../../packages/core/src/schedule/cancel-submission.ts";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import { surveyTarget } from "../../packages/core/src/sync/survey.ts";
import type { Transport } from "../../packages/core/src/target/transport/transport.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";
import { openUserTransport } from "./user-transport.ts";

// A second submission wants jobs that the first one has in the queue: they stay there once, and both are told of their ends.

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let first: Submission;
let second: Submission;
let transport: Transport;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-awaited-job", user, cpusPerNode: 16 });
  transport = await openUserTransport(user, {
    ...cluster.environment,
    REPX_SPOOL: "/nonexistent",
    REPX_TICK_SECONDS: "0.2",
    REPX_SWEEP_SECONDS: "1",
  });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  first = await openSubmission(cluster, receiver, user);
  second = await openSubmission(cluster, receiver, user, { beside: first.target });
  onTestFailed(async () => console.log(receiver.events, await first.readLog(), await second.readLog()));
});
afterEach(async () => {
  await cluster.run(["scancel", "-u", user.name]);
  await user.endProcessesOf(cluster.conf);
  await receiver[Symbol.asyncDispose]();
  await first.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm("/tmp/repx-awaited-job", { recursive: true, force: true });
});

const QUICK = { REPX_SWEEP_SECONDS: "1" };
const NOTE = `echo "$SLURM_ARRAY_JOB_ID" >>"$1/../ran"`;
/** Runs until the test says so. */
const UNTIL_GO = `while [ ! -e "$1/../../../go" ]; do sleep 0.1; done; echo done`;

/** Hands jobs of one stage in as the first submission's; the comment is what submitting writes. */
async function submitFirst(scripts: readonly string[], options: readonly string[] = []) {
  const jobs = scripts.map((script) => ({ stage: "same", script: `${NOTE}\n${script}` }));
  const comment = `--comment=repx:${first.target.submission}:1`;
  const { slurmId, ids } = await first.submit(jobs, [comment, ...options]);
  await first.finish();
  return { slurmId, ids: ids.map((id) => JobId.parse(id)) };
}

async function findQueued(jobIds: readonly JobId[]): Promise<ReadonlyMap<JobId, QueuedJob>> {
  const request = { storeNames: [], jobIds, labHash: LabHash.parse("0123456789abcdef"), programsHash: "test" };
  const survey = await surveyTarget(transport, {
    basePath: first.target.base,
    ...request,
    questions: QUEUE_QUESTION,
    isDryRun: true,
  });
  expect(survey.answers.get("unasked")).toBeUndefined();
  return parseQueue(survey.answers.get("queue") ?? []);
}

/** Hands in what waits for jobs of the first submission, one consumer for each, as submitting does. */
async function submitSecond(shared: ReadonlyMap<JobId, QueuedJob>, kind: "hard" | "soft" = "hard") {
  const { target } = second;
  const plan = { shared, ended: new Set<JobId>() };
  const awaited = placeAwaited(plan);
  await writeFile(join(target.folder, "awaited.tsv"), renderAwaited(plan));
  const orders = [...shared].map(() => ({ stage: "after", script: `ls "$1/../../"*-same-1.0/repx/SUCCESS` }));
  const { ids } = await target.addBatch(orders);
  const jobs = [...shared.keys()].map((id, index) => ({
    id: JobId.parse(ids[index]),
    stage: "after",
    executable: `jobs/${ids[index]}/bin/run`,
    resources: { sbatchOpts: [] },
    dependsOn: [{ id, kind }],
  }));
  const batches = planBatches(jobs, awaited.places);
  const place = { id: SubmissionId.parse(target.submission), basePath: target.base, programs: target.programs };
  for (const batch of batches) {
    const at = join(target.folder, `batches/${batch.number}`);
    const { table, documents } = renderBatchFiles(batch, new Map());
    await writeFile(`${at}.tsv`, table);
    await writeFile(`${at}.json`, documents);
    await writeFile(`${at}.sbatch`, `${renderSbatchArguments(batch, place, awaited.slurmIds).join("\n")}\n`);
    await writeFile(`${at}.sh`, renderBatchScript(batch, place));
  }
  await target.giveAway();
  const slurmIds = await submitBatches(transport, batches, place);
  return { slurmIds: [...slurmIds.values()] };
}

const cancel = async ({ target }: Submission): Promise<unknown> =>
  cancelSubmission(transport, { basePath: target.base, id: SubmissionId.parse(target.submission) });

const release = async (): Promise<void> => writeFile(join(first.target.base, "go"), "");

async function readStates(slurmId: string): Promise<string[]> {
  const { stdout } = await cluster.run(["squeue", "-h", "-r", "-t", "all", "-j", slurmId, "-o", "%i %T"]);
  return stdout.trim().split("\n").toSorted();
}

async function waitForState(slurmId: string, state: string): Promise<void> {
  await waitUntil({ what: `${slurmId} to be ${state}`, timeoutSeconds: 30, intervalMs: 200 }, async () => {
    return (await readStates(slurmId)).every((line) => line.endsWith(` ${state}`));
  });
}

/** Ends that a submission was told of: `<stage> <state>`. */
function endsOf({ target }: Submission): string[] {
  const told = receiver.deliveries.filter(({ path, status }) => path.includes(target.submission) && status === 200);
  const lines = told.flatMap((delivery) => delivery.lines.filter((line) => !line.startsWith('{"pulse"')));
  const events = lines.map((line) => JobEvent.parse(JSON.parse(line)));
  const ends = events.filter(({ state }) => !["RUNNING", "PENDING", "REQUEUED"].includes(state));
  return ends.map(({ job, state }) => `${job.slice(33).replace("-1.0", "")} ${state}`).toSorted();
}

async function waitForEnds(submission: Submission, ends: readonly string[]): Promise<void> {
  const seen = (): string[] => endsOf(submission);
  await waitUntil({ what: `the ends ${ends.join(", ")}`, timeoutSeconds: 60, intervalMs: 200 }, async () => {
    return seen().length >= ends.length;
  });
  expect(seen()).toEqual(ends);
}

const countRuns = async (id: JobId): Promise<number> =>
  (await readFile(join(first.target.base, "outputs", id, "ran"), "utf8").catch(() => "")).split("\n").length - 1;

test("a job in the queue of another submission is there once, and what needs it runs after it", async () => {
  const { slurmId, ids } = await submitFirst([UNTIL_GO, UNTIL_GO]);
  const queued = await findQueued(ids);
  expect([...queued].map(([id, { slurmId: at, submission }]) => [id, at, submission])).toEqual(
    ids.map((id, index) => [id, `${slurmId}_${index + 1}`, first.target.submission]),
  );
  const { slurmIds } = await submitSecond(queued);
  // One array for both: task by task after the tasks of the other submission.
  expect(slurmIds).toHaveLength(1);
  await waitForState(slurmIds[0] ?? "", "PENDING");
  await using relay = await first.startRelay(QUICK);
  await release();
  await waitForEnds(second, ["after COMPLETED", "after COMPLETED", "same COMPLETED", "same COMPLETED"]);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(endsOf(first)).toEqual(["same COMPLETED", "same COMPLETED"]);
  expect(await Promise.all(ids.map(countRuns))).toEqual([1, 1]);
  const told = receiver.events.filter(({ job, state }) => job === ids[0] && state === "COMPLETED");
  expect(told.map(({ marker, logTail }) => [marker, logTail])).toEqual([
    ["SUCCESS", "done"],
    ["SUCCESS", "done"],
  ]);
});

test("a shared job that fails fails for both, and what needs it never runs", async () => {
  const { ids } = await submitFirst([`${UNTIL_GO}; echo no luck >&2; exit 4`]);
  await submitSecond(await findQueued(ids));
  await release();
  await waitForEnds(second, ["after CANCELLED", "same FAILED"]);
  expect(receiver.events.find(({ state }) => state === "FAILED")).toMatchObject({ exitCode: 4, logTail: "no luck" });
});

test("a shared job that is requeued is told as the same attempts to both", async () => {
  const { slurmId, ids } = await submitFirst([`[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || sleep 300; ${UNTIL_GO}`]);
  await waitForState(slurmId, "RUNNING");
  await submitSecond(await findQueued(ids));
  await waitUntil(
    { what: "the job's start", timeoutSeconds: 20 },
    async () => (await countRuns(ids[0] ?? JobId.parse(""))) > 0,
  );
  await cluster.run(["scontrol", "requeue", `${slurmId}_1`]);
  await release();
  await waitForEnds(second, ["after COMPLETED", "same COMPLETED"]);
  expect(receiver.events.find(({ job, state }) => job === ids[0] && state === "COMPLETED")).toMatchObject({
    attempt: 2,
    marker: "SUCCESS",
  });
});

test("cancelling the submission that waits leaves the one that runs whole", async () => {
  const { slurmId, ids } = await submitFirst([UNTIL_GO]);
  const { slurmIds } = await submitSecond(await findQueued(ids));
  await cancel(second);
  await waitForState(slurmIds[0] ?? "", "CANCELLED");
  await waitForState(slurmId, "RUNNING");
  await release();
  await using relay = await first.startRelay(QUICK);
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(endsOf(first)).toEqual(["same COMPLETED"]);
});

test("cancelling the submission that runs leaves what another one waits for, and ends the rest", async () => {
  const { slurmId, ids } = await submitFirst([UNTIL_GO, UNTIL_GO, UNTIL_GO]);
  await waitForState(slurmId, "RUNNING");
  const queued = await findQueued(ids.slice(1, 2));
  await submitSecond(queued);
  await cancel(first);
  await waitUntil({ what: "two tasks to end", timeoutSeconds: 30, intervalMs: 200 }, async () => {
    return (await readStates(slurmId)).filter((line) => line.endsWith(" RUNNING")).length === 1;
  });
  expect((await readStates(slurmId)).filter((line) => line.endsWith(" RUNNING"))).toEqual([`${slurmId}_2 RUNNING`]);
  await release();
  await waitForEnds(second, ["after COMPLETED", "same COMPLETED"]);
});

test("what nobody waits for any more goes with the last submission that did", async () => {
  const { slurmId, ids } = await submitFirst([UNTIL_GO]);
  await waitForState(slurmId, "RUNNING");
  await submitSecond(await findQueued(ids));
  await cancel(first);
  expect(await readStates(slurmId)).toEqual([`${slurmId}_1 RUNNING`]);
  await cancel(second);
  await waitForState(slurmId, "CANCELLED");
});

test("looking again tells what is in the queue still from what succeeded meanwhile", async () => {
  const { slurmId, ids } = await submitFirst(["echo at once", UNTIL_GO]);
  await waitUntil({ what: "the first to succeed", timeoutSeconds: 30 }, async () =>
    existsSync(join(first.target.base, "outputs", ids[0] ?? "", "repx/SUCCESS")),
  );
  await waitUntil({ what: "one to be left", timeoutSeconds: 30 }, async () => (await findQueued(ids)).size === 1);
  const { queued, succeeded } = await lookAgain(transport, first.target.base, ids);
  expect([...queued.values()].map((one) => one.slurmId)).toEqual([`${slurmId}_2`]);
  expect([...succeeded]).toEqual([ids[0]]);
});

test("a job that is held is in the queue, one that no submission's list names is not waited for", async () => {
  const { slurmId, ids } = await submitFirst([UNTIL_GO], ["--hold"]);
  expect([...(await findQueued(ids)).values()]).toMatchObject([{ slurmId: `${slurmId}_1`, isRunning: false }]);
  await rm(join(first.target.folder, "slurm.tsv"));
  expect((await findQueued(ids)).size).toBe(0);
});

test("a job that is forced runs though it succeeded, and a revision runs once", async () => {
  const { slurmId, ids } = await submitFirst(["true"]);
  const [id = JobId.parse("")] = ids;
  await waitForState(slurmId, "COMPLETED");
  const submitAgain = async (again: string | undefined): Promise<void> => {
    const other = await openSubmission(cluster, receiver, user, { beside: first.target });
    const rev = Number.isNaN(Number(again)) ? {} : { rev: Number(again) };
    const job = { stage: "same", script: NOTE, ...(again === undefined ? {} : { again }), ...rev };
    const submitted = await other.submit([job]);
    await waitForState(submitted.slurmId, "COMPLETED");
  };
  const counts: number[] = [];
  for (const again of [undefined, "force", "3", "3", "2", "4", undefined]) {
    await submitAgain(again);
    counts.push(await countRuns(id));
  }
  expect(counts).toEqual([1, 2, 3, 3, 3, 4, 4]);
});
