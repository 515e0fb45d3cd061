// Planning against a target on this machine, with what a cluster's squeue would say.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GENERATE_1, GENERATE_2, LAB_HASH, makeLabFiles, PLOT, SUM, writeLab } from "./lab/lab.fixture.ts";
import { jobId } from "./model/events.fixture.ts";
import { startPlanStand, type PlanStand } from "./plan-experiment.fixture.ts";
import { planExperiment, type ExperimentPlan } from "./plan-experiment.ts";
import type { PlanWishes } from "./schedule/plan-wishes.ts";

const OTHER = "s0123456789abcdefghijklmno";

let stand: PlanStand;

beforeEach(async () => (stand = await startPlanStand()));
afterEach(async () => stand[Symbol.asyncDispose]());

const answerQueue = async (rows: string): Promise<void> => stand.writeProgram("squeue", `cat <<'END'\n${rows}\nEND`);

async function plan(runs: readonly string[] = [], wishes: Partial<PlanWishes> = {}): Promise<ExperimentPlan> {
  await using written = await writeLab(makeLabFiles());
  // Awaited, or the Lab would be gone before its time.
  return await planExperiment(stand.request(written.folder, runs, wishes));
}

async function writeRecord(id: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(stand.base, "outputs", id, "repx"), { recursive: true });
  for (const [name, text] of Object.entries(files))
    await writeFile(join(stand.base, "outputs", id, "repx", name), text);
}

/** A record as repx-job writes it. */
const renderRecord = (job: unknown): string =>
  `{"attempt":{"number":1,"submission":"${OTHER}","slurmId":"7_1","restarts":0,"node":"n1","user":"u","startedAt":"2026-03-01T10:00:00Z"},\n"job":${JSON.stringify(job, null, 2)}\n}\n`;

/** What becomes of each job, by its stage. */
const tell = ({ jobs }: ExperimentPlan): unknown =>
  jobs.map((job) => [job.stage, job.action, ...(job.action === "run" ? [job.reason.kind] : [])].join(" "));

test("on an empty target everything runs for the first time, and nothing is made there", async () => {
  const found = await plan();
  expect(tell(found)).toEqual([
    "generate-1.1 run first",
    "generate-1.1 run first",
    "sum-1.1 run first",
    "plot-1.1 run first",
  ]);
  expect(found).toMatchObject({ lab: LAB_HASH, target: "here", counts: { total: 4, run: 4, wait: 0, reuse: 0 } });
  expect(await readdir(stand.base)).toEqual([]);
  expect(stand.countCommands()).toBeLessThanOrEqual(3);
});

test("reasons come from the target's markers, records and queue", async () => {
  await writeRecord(GENERATE_1, { SUCCESS: "" });
  await writeRecord(GENERATE_2, {
    FAIL: "",
    "job.json": renderRecord({
      id: GENERATE_2,
      stage: "generate-1.1",
      parameters: { slope: 2 },
      dependsOn: [],
      executable: { path: "x/generate" },
    }),
    "result.json": `{"exitCode":3,"signal":null,"endedAt":"2026-03-01T10:05:00Z","node":"n1","outputs":[\n]}\n`,
  });
  const old = jobId(1, "plot-1.1");
  const dependsOn = [GENERATE_1, GENERATE_2, SUM];
  await writeRecord(old, {
    SUCCESS: "",
    "job.json": renderRecord({
      id: old,
      stage: "plot-1.1",
      parameters: { dpi: 300 },
      dependsOn,
      executable: { path: `jobs/${old}/bin/plot` },
    }),
  });
  await mkdir(join(stand.base, "submissions", OTHER, "relay"), { recursive: true });
  await writeFile(join(stand.base, "submissions", OTHER, "relay/reported"), "7_1.0.RUNNING\n7_1.0.OUT_OF_MEMORY\n");
  expect((await plan()).jobs.map((job) => ("reason" in job ? job.reason : job.action))).toEqual([
    "reuse",
    { kind: "failed", state: "OUT_OF_MEMORY", at: "2026-03-01T10:05:00Z" },
    { kind: "first" },
    { kind: "changed", nearest: old, code: false, parameters: [{ name: "dpi", from: 300 }], inputs: [] },
  ]);
});

test.each([
  ["RUNNING|None", "wait"],
  ["PENDING|Dependency", "wait"],
  ["PENDING|JobHeldUser", "wait"],
  ["PENDING|DependencyNeverSatisfied", "run first"],
  ["COMPLETING|None", "run first"],
  ["CANCELLED|None", "run first"],
])("a job that squeue calls %s in a submission here: %s", async (state, action) => {
  await mkdir(join(stand.base, "submissions", OTHER), { recursive: true });
  await writeFile(join(stand.base, "submissions", OTHER, "slurm.tsv"), `7_1\t${GENERATE_1}\n7_2\t${GENERATE_2}\n`);
  await answerQueue(`7_1|${state}|repx:${OTHER}:1\n7_2|RUNNING|None|(null)\n9|RUNNING|None|repx:${OTHER}:2`);
  const found = await plan();
  expect(tell(found)).toEqual([
    `generate-1.1 ${action}`,
    "generate-1.1 run first",
    "sum-1.1 run first",
    "plot-1.1 run first",
  ]);
});

test("who has a job that is waited for is told", async () => {
  await mkdir(join(stand.base, "submissions", OTHER), { recursive: true });
  await writeFile(join(stand.base, "submissions", OTHER, "slurm.tsv"), `7_1\t${GENERATE_1}\n`);
  await answerQueue(`7_1|RUNNING|None|repx:${OTHER}:1`);
  expect((await plan()).jobs[0]).toMatchObject({ slurmId: "7_1", submission: OTHER, isRunning: true });
});

test("only failed leaves what failed with what needs it, and nothing where none failed", async () => {
  await expect(plan([], { isOnlyFailed: true })).rejects.toMatchObject({
    code: "PLAN_EMPTY",
    message: "the last attempt of none of the 4 selected jobs failed on target here",
  });
  await writeRecord(GENERATE_1, { SUCCESS: "" });
  await writeRecord(GENERATE_2, { SUCCESS: "" });
  await writeRecord(SUM, { FAIL: "" });
  const found = await plan(["simulation"], { isOnlyFailed: true });
  expect(tell(found)).toEqual(["generate-1.1 reuse", "generate-1.1 reuse", "sum-1.1 run failed"]);
  expect(found.runs.map(({ name, jobs }) => [name, jobs.length])).toEqual([["simulation", 3]]);
});

test("a revision that is there is reused, a lower one runs again", async () => {
  await writeRecord(GENERATE_1, {
    SUCCESS: "",
    "job.json": renderRecord({ id: GENERATE_1, parameters: { rev: 9 }, rev: 2 }),
  });
  await writeRecord(GENERATE_2, {
    SUCCESS: "",
    "job.json": renderRecord({ id: GENERATE_2, parameters: { rev: 9 }, rev: 1 }),
  });
  const found = await plan([GENERATE_1, GENERATE_2], { rev: 2 });
  expect(found.jobs.map((job) => ("reason" in job ? job.reason : job.action))).toEqual([
    "reuse",
    { kind: "revision", wanted: 2, found: 1 },
  ]);
});

test("without an answer of squeue nothing is planned to run, and what succeeded is reused all the same", async () => {
  await stand.writeProgram("squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1");
  await expect(plan()).rejects.toMatchObject({
    code: "SLURM_UNREACHABLE",
    message: expect.stringContaining("Unable to contact slurm controller"),
  });
  for (const id of [GENERATE_1, GENERATE_2, SUM, PLOT]) await writeRecord(id, { SUCCESS: "" });
  expect((await plan()).counts).toEqual({ total: 4, run: 0, wait: 0, reuse: 4 });
});
