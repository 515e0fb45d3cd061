import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import { askSlurm } from "../../packages/core/src/schedule/ask-slurm.ts";
import type { SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import { cancelSubmission } from "../../packages/core/src/schedule/cancel-submission.ts";
import { parseMemory, parseTimeLimit } from "../../packages/core/src/schedule/slurm-units.ts";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import { tryCommand } from "../harness/command.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { readRows, startSubmitStand, type SubmitStand, type WrittenSubmission } from "./submit-stand.ts";

// Submissions on a real cluster, over a real connection: at most 10 tasks an array, at most 60 jobs in all.

let stand: SubmitStand;
let first = 0;

beforeAll(async () => {
  const extraConf = "MaxArraySize=11\nMaxJobCount=60\nMinJobAge=2\n";
  stand = await startSubmitStand({ folder: "/tmp/repx-submit-test", extraConf });
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

/** Jobs with numbers that no other test has; `waits` are numbers of jobs of this list, from 1. */
function makeJobs(
  ...stages: readonly {
    stage: string;
    count: number;
    waits?: (nth: number) => readonly number[];
    options?: readonly string[];
  }[]
): SchedulableJob[] {
  const start = (first += 1000);
  const jobs: SchedulableJob[] = [];
  for (const { stage, count, waits = () => [], options = [] } of stages) {
    for (let nth = 1; nth <= count; nth++) {
      const id = jobId(start + jobs.length + 1, `${stage}-1.0`);
      jobs.push({
        id,
        stage,
        executable: `jobs/${id}/bin/run`,
        resources: { mem: "50M", sbatchOpts: options },
        dependsOn: waits(nth).map((number) => ({ id: jobs[number - 1]?.id ?? id, kind: "hard" })),
      });
    }
  }
  return jobs;
}

/** Jobs that stay in the queue, so that every one of them can be counted. */
const HELD = ["--hold"];
const heldSweep = () =>
  makeJobs({ stage: "a", count: 12, options: HELD }, { stage: "b", count: 12, waits: (nth) => [nth], options: HELD });

async function takeBack({ place }: WrittenSubmission): Promise<void> {
  await cancelSubmission(stand.transport, place);
  await waitUntil({ what: "SLURM to forget the jobs", timeoutSeconds: 60 }, async () => {
    return (await stand.cluster.run(["squeue", "-h", "-t", "all"])).stdout === "";
  });
}

async function expectOnce(submission: WrittenSubmission, slurmIds: ReadonlyMap<number, string>): Promise<void> {
  const arrays = await stand.listArrays(submission.place);
  expect([...arrays].toSorted(([left], [right]) => left - right)).toEqual(
    [...slurmIds].map(([batch, id]) => [batch, [id]]),
  );
  const rows = (await readRows(submission.folder)).map((row) => row.join(" "));
  const jobs = submission.batches.flatMap(({ number, tasks }) =>
    [...tasks].map(([index, { id }]) => `${slurmIds.get(number)}_${index} ${id}`),
  );
  expect(rows.toSorted()).toEqual(jobs.toSorted());
}

test("the target tells its limits", async () => {
  const facts = await askSlurm(stand.transport);
  expect({ ...facts, partitions: [...(facts.partitions?.values() ?? [])] }).toEqual({
    mostTasks: 10,
    picksPartition: false,
    partitions: [
      { name: "compute", isDefault: true, longestMinutes: Infinity, nodes: [{ cpus: 16, memory: 4000 }] },
      { name: "short", isDefault: false, longestMinutes: 10, nodes: [{ cpus: 16, memory: 4000 }] },
    ],
  });
});

test.each([
  ...["1", "1:30", "1:2:3", "1-2", "1-2:3", "1-2:3:4", "1-", "0", "UNLIMITED"].map((text) => ["time", text] as const),
  ...["1h", "1.5", "soon", "1:2:3:4"].map((text) => ["time", text] as const),
  ...["100", "100M", "1G", "2000K", "1GB"].map((text) => ["mem", text] as const),
  ...["1.5G", "G", "1X"].map((text) => ["mem", text] as const),
])("whether --%s=%s can be read is sbatch's own opinion", async (option, text) => {
  const argv = ["sbatch", "--test-only", `--${option}=${text}`, "--wrap=true"];
  const { exitCode, stderr } = await tryCommand(argv, { environment: stand.cluster.environment });
  expect(/invalid/i.test(stderr) ? undefined : exitCode, stderr).toBe(
    (option === "time" ? parseTimeLimit(text) : parseMemory(text)) === undefined ? undefined : 0,
  );
});

test("a sweep in pieces runs to its end, each job after its own", async () => {
  onTestFailed(async () => console.log(await stand.cluster.readLogs()));
  const jobs = makeJobs(
    { stage: "left", count: 12 },
    { stage: "right", count: 12 },
    { stage: "both", count: 12, waits: (nth) => [nth, nth + 12] },
    { stage: "mean", count: 4, waits: (nth) => [0, 1, 2].map((one) => 24 + (nth - 1) * 3 + one + 1) },
  );
  const submission = await stand.writeSubmission(jobs, { script: 'date +%s%N >"$1/at"', mostTasks: 10 });
  const slurmIds = await submitBatches(stand.transport, submission.batches, submission.place);
  // Two stages of three layers of four, the one that joins them, and the means.
  expect(submission.batches).toHaveLength(3 * 3 + 1);
  expect(slurmIds.size).toBe(10);
  const readTime = async (id: string) =>
    Number(await readFile(join(stand.target.base, "outputs", id, "out/at"), "utf8").catch(() => "NaN"));
  await waitUntil({ what: "every job to have run", timeoutSeconds: 90, intervalMs: 500 }, async () => {
    return (await Promise.all(jobs.map(async ({ id }) => readTime(id)))).every((time) => time > 0);
  });
  for (const job of jobs) {
    for (const upstream of job.dependsOn) expect(await readTime(upstream.id)).toBeLessThan(await readTime(job.id));
  }
  await takeBack(submission);
});

test("who is killed between sbatch and the record submits nothing twice when begun again", async () => {
  const submission = await stand.writeSubmission(heldSweep(), { mostTasks: 10 });
  // Submits, then ends whoever called it, and itself, before an id is printed: at the second array.
  await stand.wrapProgram(
    "sbatch",
    `id=$(/usr/bin/sbatch "$@") || exit 1
echo "$id" >>"$HOME/submitted"
[ "$(wc -l <"$HOME/submitted")" = 2 ] || { echo "$id"; exit 0; }
read -r pid host <<EOF2
$(readlink ${submission.folder}/submit/1)
EOF2
kill -9 "$pid" $$`,
  );
  await stand.target.user.run(["rm", "-f", join(stand.target.user.home, "submitted")]);
  await expect(submitBatches(stand.transport, submission.batches, submission.place)).rejects.toMatchObject({
    code: "SLURM_REJECTED",
  });
  expect((await readRows(submission.folder)).length).toBe(10);
  expect((await stand.listArrays(submission.place)).size).toBe(2);
  await stand.unwrapProgram("sbatch");
  const slurmIds = await submitBatches(stand.transport, submission.batches, submission.place);
  expect(slurmIds.size).toBe(4);
  await expectOnce(submission, slurmIds);
  await takeBack(submission);
});

test("a connection that is cut right after sbatch is opened again, and the submission goes on where it was", async () => {
  const submission = await stand.writeSubmission(heldSweep(), { mostTasks: 10 });
  await stand.wrapProgram(
    "sbatch",
    `id=$(/usr/bin/sbatch "$@") || exit 1
[ -e ${submission.folder}/cut ] || { touch ${submission.folder}/cut; sleep 3; }
echo "$id"`,
  );
  const submitted = submitBatches(stand.transport, submission.batches, submission.place);
  await waitUntil({ what: "the first array", timeoutSeconds: 30 }, async () => {
    return (await stand.listArrays(submission.place)).size === 1;
  });
  await stand.server.stop();
  await stand.server.start();
  const slurmIds = await submitted;
  await stand.unwrapProgram("sbatch");
  expect(slurmIds.size).toBe(4);
  await expectOnce(submission, slurmIds);
  await takeBack(submission);
});

test("a cluster that is full takes the rest when there is room", async () => {
  const jobs = makeJobs({ stage: "full", count: 70, options: HELD });
  const submission = await stand.writeSubmission(jobs, { mostTasks: 10 });
  const submitted = submitBatches(stand.transport, submission.batches, submission.place);
  await waitUntil({ what: "the cluster to be full", timeoutSeconds: 30 }, async () => {
    return (await stand.listArrays(submission.place)).size >= 5;
  });
  const arrays = await stand.listArrays(submission.place);
  await stand.cluster.run(["scancel", ...(arrays.get(1) ?? []), ...(arrays.get(2) ?? [])]);
  expect((await submitted).size).toBe(7);
  await takeBack(submission);
});

test("a controller that does not answer for a while is waited for", async () => {
  const submission = await stand.writeSubmission(heldSweep(), { mostTasks: 10 });
  await stand.cluster.stopController();
  const submitted = submitBatches(stand.transport, submission.batches, submission.place);
  await waitUntil({ what: "sbatch to be tried", timeoutSeconds: 30 }, async () => {
    return readFile(join(submission.folder, "batches/1.begun"), "utf8").then(
      () => true,
      () => false,
    );
  });
  await stand.cluster.startController();
  const slurmIds = await submitted;
  await expectOnce(submission, slurmIds);
  await takeBack(submission);
});

test("a reduction of a thousand single tasks reaches SLURM", async () => {
  const jobs = makeJobs(
    { stage: "a", count: 12, options: HELD },
    { stage: "sum", count: 1, waits: (nth) => [nth], options: HELD },
  );
  const submission = await stand.writeSubmission(jobs, { mostTasks: 10 });
  const last = submission.batches.length;
  const [task] = submission.batches[last - 1]?.dependency.ok ?? [];
  const path = join(submission.folder, `batches/${last}.sbatch`);
  const name = `@${task?.batch}${task?.index === undefined ? "" : `_${task.index}`}`;
  const text = (await readFile(path, "utf8")).replace(name, Array<string>(1000).fill(name).join(":"));
  await stand.target.user.run(["tee", path], { stdin: text });
  const slurmIds = await submitBatches(stand.transport, submission.batches, submission.place);
  const { stdout } = await stand.cluster.run(["squeue", "-h", "-j", slurmIds.get(last) ?? "", "-o", "%E"]);
  expect(stdout).toContain(`afterok:${slurmIds.get(task?.batch ?? 0)}`);
  await takeBack(submission);
});
