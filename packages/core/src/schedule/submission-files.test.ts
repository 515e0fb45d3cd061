import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import type { Batch, SchedulableJob } from "./batches.ts";
import { SubmissionId } from "../model/ids.ts";
import { renderBatchScript, renderItemsArguments, renderItemsScript, renderSbatchArguments } from "./sbatch-command.ts";
import { renderBatchFiles, writeSubmissionFiles, type SubmissionFiles } from "./submission-files.ts";
import { EMPTY_PLAN } from "./submission-plan.fixture.ts";

const ID = SubmissionId.parse("s0123456789abcdefghijklmno");
const task = (nth: number): SchedulableJob => ({
  id: jobId(nth),
  stage: "threshold-1.0",
  executable: `jobs/${jobId(nth)}/bin/threshold`,
  resources: { sbatchOpts: [] },
  dependsOn: [],
});

const batch: Batch = {
  number: 1,
  stage: "threshold-1.0",
  resources: { sbatchOpts: [] },
  tasks: new Map([
    [3, task(3)],
    [1, task(1)],
  ]),
  dependency: { corresponding: [], ok: [], any: [] },
};

const jobs = new Map([
  [jobId(1), { job: { id: jobId(1), note: "ä" }, inputs: { in: "/a" }, parameters: { seed: 1 } }],
  [jobId(3), { job: { id: jobId(3) }, inputs: {}, parameters: { seed: 3 } }],
]);

const PLACE = { id: ID, basePath: "/scratch/ada", programs: "/scratch/ada/bin/abc" };

const FILES: SubmissionFiles = {
  labHash: "0c3f6w9x",
  place: PLACE,
  plan: EMPTY_PLAN,
  awaited: "",
  batches: [batch],
  jobs,
};

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "repx-submission-"))));
afterEach(async () => rm(folder, { recursive: true }));

test("a batch has a policy of retries only where its resources have one, cut to what the target can give", async () => {
  const retry = { count: 2, mem_factor: 2, infrastructure: 0 };
  const partition = { name: "main", isDefault: true, nodes: [{ cpus: 1, memory: 3000 }] };
  const slurm = { picksPartition: false, partitions: new Map([["main", partition]]) };
  const retried = { ...batch, number: 2, resources: { mem: "1G", retry, sbatchOpts: [] } };
  await writeSubmissionFiles(folder, { ...FILES, slurm, batches: [batch, retried] });
  const names = (await readdir(join(folder, "batches"))).filter((name) => name.endsWith(".retry"));
  expect(names).toEqual(["2.retry"]);
  expect(await readFile(join(folder, "batches/2.retry"), "utf8")).toBe("count 2\nmem 2048 3000\ninfrastructure 0\n");
  expect(await readFile(join(folder, "batches/2.sbatch"), "utf8")).toContain("\n--requeue\n");
});

test("line k of a batch's table is the task of array index k, and unused indexes are empty lines", () => {
  const lines = renderBatchFiles(batch, jobs).table.split("\n");
  expect(lines.map((line) => line.split("\t").slice(0, 2))).toEqual([
    [jobId(1), `jobs/${jobId(1)}/bin/threshold`],
    [""],
    [jobId(3), `jobs/${jobId(3)}/bin/threshold`],
    [""],
  ]);
});

test("a line says at which byte of the batch's documents the job's three lie", () => {
  const { table, documents } = renderBatchFiles(batch, jobs);
  for (const [index, id] of [
    [0, jobId(1)],
    [2, jobId(3)],
  ] as const) {
    let [at = 0, ...sizes] = table.split("\n")[index]?.split("\t").slice(2).map(Number) ?? [];
    const read = sizes.map((size): unknown => {
      const text = Buffer.from(documents.subarray(at, at + size)).toString("utf8");
      at += size;
      return JSON.parse(text);
    });
    const { job, inputs, parameters } = jobs.get(id) ?? {};
    expect(read).toEqual([job, inputs, parameters]);
  }
});

test("the token's file is its owner's alone, and the number of files does not grow with that of the jobs", async () => {
  await writeSubmissionFiles(folder, {
    ...FILES,
    coordinator: { origin: "https://repx.example.org", token: "secret" },
  });
  expect((await stat(join(folder, "token"))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder, "token"), "utf8")).toBe("secret\n");
  expect(await readdir(join(folder, "jobs"))).toEqual([]);
  expect((await readdir(join(folder, "batches"))).toSorted()).toEqual(["1.json", "1.sbatch", "1.sh", "1.tsv"]);
  expect(await readFile(join(folder, "batches/1.sbatch"), "utf8")).toBe(
    `${renderSbatchArguments(batch, PLACE).join("\n")}\n`,
  );
  expect(await readFile(join(folder, "batches/1.sh"), "utf8")).toBe(renderBatchScript(batch, PLACE));
  expect(await readFile(join(folder, "programs"), "utf8")).toBe("/scratch/ada/bin/abc\n");
});

test("a job that does not run natively has the file of its runtime, and one that is to run again says so", async () => {
  const job = { job: {}, inputs: {}, parameters: {}, runtime: "kind\tbwrap\n", again: 3 };
  await writeSubmissionFiles(folder, { ...FILES, jobs: new Map([[jobId(2), job]]) });
  expect(await readFile(join(folder, "jobs", jobId(2), "runtime"), "utf8")).toBe("kind\tbwrap\n");
  expect(await readFile(join(folder, "jobs", jobId(2), "again"), "utf8")).toBe("3\n");
});

test("without a coordinator there is neither its address nor a token", async () => {
  await writeSubmissionFiles(folder, FILES);
  expect((await readdir(folder)).toSorted()).toEqual([
    "batches",
    "bells",
    "jobs",
    "lab",
    "plan.json",
    "programs",
    "spool",
  ]);
});

test("where the target's nodes are to keep software for themselves, jobs find the place", async () => {
  await writeSubmissionFiles(folder, { ...FILES, nodeStore: "/local scratch" });
  expect(await readFile(join(folder, "node-store"), "utf8")).toBe("/local scratch\n");
});

test("what waits for an array of another submission has its id in the arguments", async () => {
  const waiting = { ...batch, dependency: { corresponding: [-1], ok: [{ batch: -2, index: 7 }], any: [] } };
  const awaitedArrays = new Map([
    [-1, "70"],
    [-2, "80"],
  ]);
  await writeSubmissionFiles(folder, { ...FILES, batches: [waiting], awaited: "70_1\tx\ty\n", awaitedArrays });
  expect(await readFile(join(folder, "batches/1.sbatch"), "utf8")).toContain(
    "--dependency=aftercorr:70,afterok:80_7\n",
  );
});

test("the agent of the scheduler local finds its plan, and nothing of SLURM's", async () => {
  await writeSubmissionFiles(folder, { ...FILES, localPlan: "continue\n" });
  expect(await readFile(join(folder, "local/plan.tsv"), "utf8")).toBe("continue\n");
  expect((await readdir(join(folder, "batches"))).toSorted()).toEqual(["1.json", "1.tsv"]);
});

test("a batch of scatters has no jobs of its own, and each of its jobs the arguments and the script of its items", async () => {
  const parts = { scatter: "s", steps: [], gather: "g", gatherInputs: {}, branchOutputs: {} };
  const files = { job: {}, inputs: {}, parameters: {}, parts };
  const scatter: Batch = {
    ...batch,
    tasks: new Map([[1, { ...task(1), items: { mem: "1G", sbatchOpts: [] } }]]),
    scatters: 2,
  };
  const gather: Batch = { ...batch, number: 2, tasks: scatter.tasks };
  await writeSubmissionFiles(folder, { ...FILES, batches: [scatter, gather], jobs: new Map([[jobId(1), files]]) });
  const names = ["1.sbatch", "1.sh", "2.json", "2.sbatch", "2.sh", "2.tsv"];
  expect((await readdir(join(folder, "batches"))).toSorted()).toEqual(names);
  const at = join(folder, "jobs", jobId(1));
  expect(await readFile(join(at, "items.sbatch"), "utf8")).toBe(
    `${renderItemsArguments("threshold-1.0", { mem: "1G", sbatchOpts: [] }, PLACE).join("\n")}\n`,
  );
  expect(await readFile(join(at, "items.sh"), "utf8")).toBe(renderItemsScript(2, PLACE));
});
