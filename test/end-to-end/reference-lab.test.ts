import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Lab } from "@repx/core/lab";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { runRepx } from "../cli/run-repx.ts";
import type { ActionRun } from "../harness/action-runner.ts";
import type { CheckRun } from "../harness/github-emulator.ts";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { World } from "../harness/world.ts";

const JOBS_OF_STAGES = {
  "stage-A-producer-1.1": 4,
  "stage-B-producer-1.1": 4,
  "stage-C-consumer-1.1": 16,
  "stage-D-partial-sums-1.1": 16,
  "stage-E-total-sum-1.1": 16,
  "stage-F-dynamic-fast-1.1": 16,
  "stage-F-dynamic-slow-1.1": 16,
  "stage-G-multiarg-1.1": 64,
  "stage-analysis-1.1": 1,
};

let world: World;
let run: ActionRun;
let checks: CheckRun[];
let jobs: string[];

beforeAll(async () => {
  world = await makeTemporaryWorld("reference-lab");
  const experiment = await world.openExperiment("reference", "reference-lab");
  run = await world.runAction(experiment);
  if (run.exitCode !== 0) throw new Error(run.log);
  checks = await world.waitForChecks(experiment.pullRequest.headSha, 2, 400);
  jobs = (await readdir(join(world.basePath, "outputs"))).filter((name) => name !== "completions.jsonl");
}, 500_000);
afterAll(async () => world[Symbol.asyncDispose]());

const showLogs = (): void =>
  onTestFailed(async () => {
    for (const { name, output } of checks) console.log(`${name}\n${output.summary}\n${output.text}`);
    console.log(await world.readLogs());
  });
const stageOf = (job: string): string => job.slice(33);

async function readOutputs(stage: string, file: string): Promise<ReadonlyMap<string, string>> {
  const found = jobs.filter((job) => stageOf(job).startsWith(stage));
  return new Map(
    await Promise.all(
      found.map(async (job): Promise<[string, string]> => [
        job,
        (await readFile(join(world.basePath, "outputs", job, "out", file), "utf8")).trim(),
      ]),
    ),
  );
}

function countEach(values: Iterable<string>): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, { length }]) => [value, length]));
}

test("the reference experiment is 152 jobs and an analysis, and both its checks conclude with success", () => {
  showLogs();
  expect(run).toMatchObject({ exitCode: 0, outputs: { jobs: "153", reused: "0" } });
  expect(checks.map(({ name, conclusion }) => `${name}: ${conclusion}`).toSorted()).toEqual([
    "repx / analysis-run: success",
    "repx / simulation-run: success",
  ]);
});

test("a stage runs once for every combination of what it depends on", () => {
  expect(countEach(jobs.map(stageOf))).toEqual(JOBS_OF_STAGES);
});

test("the sums are 540 for offset 1 and 595 for offset 2", async () => {
  expect(countEach((await readOutputs("stage-E", "total_sum.txt")).values())).toEqual({ 540: 8, 595: 8 });
});

test("stages whose names, outputs and resources depend on the parameters have those of their own combination", async () => {
  expect(countEach((await readOutputs("stage-F", "result.txt")).values())).toEqual({
    1080: 8,
    1190: 8,
    1620: 8,
    1785: 8,
  });
  expect(countEach((await readOutputs("stage-F-dynamic-slow", "summary.txt")).values())).toEqual({
    "5400 with slow": 4,
    "5950 with slow": 4,
    "54000 with slow": 4,
    "59500 with slow": 4,
  });
});

test("the last stage adds its arguments to the result of its own branch of the sweep", async () => {
  const results = countEach((await readOutputs("stage-G", "result.txt")).values());
  expect(results).toEqual({ 1143: 8, 1128: 8, 1256: 8, 1241: 8, 1683: 8, 1668: 8, 1851: 8, 1836: 8 });
});

test("the analysis, which waits softly, sees the totals of all combinations", async () => {
  expect([...(await readOutputs("stage-analysis", "histogram.tsv")).values()]).toEqual(["540\t8\n595\t8"]);
});

test("a scatter-gather job keeps every branch's work item, outputs and logs", async () => {
  const [job = ""] = jobs.filter((name) => stageOf(name).startsWith("stage-D"));
  const folder = join(world.basePath, "outputs", job);
  const branches = (await readdir(folder)).filter((name) => name.startsWith("branch-"));
  expect(branches).toHaveLength(10);
  expect(await readFile(join(folder, "branch-9/repx/work_item.json"), "utf8")).toBe('{"startIndex":9}\n');
  expect((await readdir(join(folder, "branch-9"))).toSorted()).toEqual([
    "repx",
    "step-combine",
    "step-double",
    "step-extract",
    "step-square",
  ]);
  // Each was a task of an array, and the job one of another.
  const records = ["branch-9/repx/job.json", "branch-0/repx/job.json", "repx/job.json"];
  const texts = await Promise.all(records.map(async (path) => readFile(join(folder, path), "utf8")));
  const [ninth = "", zeroth = "", own = ""] = texts.map((text) => /"slurmId":"([^"]*)"/.exec(text)?.[1] ?? "");
  expect(ninth).toBe(zeroth.replace(/_0$/, "_9"));
  expect(own.split("_")[0]).not.toBe(ninth.split("_")[0]);
});

async function findLab(): Promise<string> {
  const store = join(world.basePath, "../../nix/nix/store");
  const name = (await readdir(store)).find((one) => one.startsWith(`${run.outputs["lab-hash"]}-`));
  return join(store, name ?? "");
}

test("an analysis script finds the outputs of the jobs that it asks for", async () => {
  await using lab = await Lab.open(await findLab(), { target: world.basePath });
  const found = await lab.jobs({ stage: "stage-E-total-sum", param: { offset: 1, mode: "slow" }, status: "succeeded" });
  expect(found).toHaveLength(4);
  for (const job of found) {
    expect(await readFile(job.outputs()["data.total_sum"] ?? "", "utf8")).toBe("540\n");
  }
});

test("the command line tells which jobs have succeeded on the target, and shows what one has left", async () => {
  const place = ["--lab", await findLab(), "--target", world.basePath];
  const listed = await runRepx(["list", "jobs", "simulation-run", "--status", "succeeded", ...place]);
  expect(listed).toMatchObject({ exitCode: 0, stderr: "" });
  expect(listed.stdout.split("\n").filter((line) => /-stage-[A-G]-/.test(line))).toHaveLength(152);
  const shown = await runRepx(["show", "output", "analysis-run", "histogram.tsv", ...place]);
  expect(shown).toMatchObject({ exitCode: 0, stdout: "540\t8\n595\t8\n" });
});
