import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import type { Batch, SchedulableJob } from "./batches.ts";
import { LabHash } from "../model/ids.ts";
import { renderBatchTable, writeSubmissionFiles, type SubmissionFiles } from "./submission-files.ts";

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
  dependency: { kind: "none" },
};

const FILES: SubmissionFiles = {
  labHash: "0c3f6w9x",
  programs: "/scratch/ada/bin/abc",
  plan: {
    createdAt: "2026-03-01T10:00:00Z",
    target: "cluster",
    lab: { hash: LabHash.parse("0c3f6w9x"), folder: "/nix/store/0c3f6w9x-lab" },
    runs: [],
    toRun: [jobId(1)],
    reused: [],
    shared: [],
    dependencies: [],
    jobs: [],
  },
  awaited: "",
  batches: [batch],
  jobs: new Map([[jobId(1), { job: { id: jobId(1) }, inputs: {}, parameters: { seed: 1 } }]]),
};

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "repx-submission-"))));
afterEach(async () => rm(folder, { recursive: true }));

test("line k of a batch's table is the task of array index k, and unused indexes are empty lines", () => {
  expect(renderBatchTable(batch)).toBe(
    `${jobId(1)}\tjobs/${jobId(1)}/bin/threshold\n\n${jobId(3)}\tjobs/${jobId(3)}/bin/threshold\n`,
  );
});

test("the token's file is its owner's alone, and every job has its three documents", async () => {
  await writeSubmissionFiles(folder, {
    ...FILES,
    coordinator: { origin: "https://repx.example.org", token: "secret" },
  });
  expect((await stat(join(folder, "token"))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder, "token"), "utf8")).toBe("secret\n");
  expect(JSON.parse(await readFile(join(folder, "jobs", jobId(1), "parameters.json"), "utf8"))).toEqual({ seed: 1 });
  expect(await readdir(join(folder, "jobs", jobId(1)))).not.toContain("runtime");
  expect(await readFile(join(folder, "batches/1.tsv"), "utf8")).toBe(renderBatchTable(batch));
});

test("a job that does not run natively has the file of its runtime", async () => {
  const job = { job: {}, inputs: {}, parameters: {}, runtime: "kind\tbwrap\n" };
  await writeSubmissionFiles(folder, { ...FILES, jobs: new Map([[jobId(2), job]]) });
  expect(await readFile(join(folder, "jobs", jobId(2), "runtime"), "utf8")).toBe("kind\tbwrap\n");
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
