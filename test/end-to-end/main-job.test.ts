import { appendFile, chmod, cp, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import * as z from "zod";
import type { ActionRun } from "../harness/action-runner.ts";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { World } from "../harness/world.ts";

const JobRecord = z.looseObject({
  exitCode: z.literal(0),
  outputs: z.array(z.looseObject({ path: z.string(), sha256: z.string() })),
});
const Metrics = z.looseObject({ percolation_threshold: z.looseObject({ value: z.number(), error: z.number() }) });

let world: World;
let first: ActionRun;

beforeAll(async () => {
  world = await makeTemporaryWorld("main-job");
});
afterAll(async () => world[Symbol.asyncDispose]());

const showLogs = (): void => onTestFailed(async () => console.log(await world.readLogs()));

test("a pull request's study runs on the cluster and both its checks conclude with success", async () => {
  showLogs();
  const experiment = await world.openExperiment("first");
  first = await world.runAction(experiment);
  expect(first.annotations).toEqual([]);
  expect(first).toMatchObject({ exitCode: 0, postExitCode: 0, outputs: { jobs: "16", reused: "0" } });
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2);
  expect(checks.map(({ name, conclusion }) => `${name}: ${conclusion}`).toSorted()).toEqual([
    "repx / analysis: success",
    "repx / simulation: success",
  ]);
});

test("the pull request has one comment, and it tells the estimate", async () => {
  showLogs();
  const comments = await world.github.readComments(1);
  expect(comments).toHaveLength(1);
  expect(comments[0]?.body).toMatch(/percolation\\_threshold \| 0\.59\d* ± 0\.00\d*/);
});

test("every job left a complete record and its outputs on the target", async () => {
  const outputs = join(world.basePath, "outputs");
  const jobs = (await readdir(outputs)).filter((name) => name !== "completions.jsonl");
  expect(jobs).toHaveLength(16);
  for (const job of jobs) {
    const record = JobRecord.parse(JSON.parse(await readFile(join(outputs, job, "repx/result.json"), "utf8")));
    expect(record.outputs.length).toBeGreaterThan(0);
    expect((await readdir(join(outputs, job, "repx"))).toSorted()).toEqual(
      expect.arrayContaining([
        "SUCCESS",
        "inputs.json",
        "job.json",
        "parameters.json",
        "result.json",
        "stderr.log",
        "stdout.log",
      ]),
    );
  }
});

test("the estimate agrees with the known threshold of the square lattice within three standard errors", async () => {
  const outputs = join(world.basePath, "outputs");
  const folder = await findMetrics(outputs);
  const { percolation_threshold: found } = Metrics.parse(
    JSON.parse(await readFile(join(outputs, folder, "out/metrics.json"), "utf8")),
  );
  expect(Math.abs(found.value - 0.592746) / found.error).toBeLessThan(3);
});

test("the job summary shows the job graph as Mermaid", () => {
  expect(first.summary).toContain("```mermaid\ngraph LR");
  expect(first.summary).toContain("15 jobs");
});

test("a second pull request with the same code submits nothing, and its checks say that all is reused", async () => {
  showLogs();
  const experiment = await world.openExperiment("second");
  const run = await world.runAction(experiment);
  expect(run).toMatchObject({
    exitCode: 0,
    outputs: { jobs: "16", reused: "16", "lab-hash": first.outputs["lab-hash"] },
  });
  expect(run.log).toContain("nothing to submit");
  const checks = await world.waitForChecks(experiment.pullRequest.headSha, 2);
  expect(checks.map((check) => `${check.conclusion} | ${check.output.title}`).toSorted()).toEqual([
    "success | passed: 1 job, all reused",
    "success | passed: 15 jobs, all reused",
  ]);
  expect((await world.github.readComments(experiment.pullRequest.number))[0]?.body).toMatch(
    /percolation\\_threshold \| 0\.59/,
  );
});

test("a Lab that is already built is taken as it is, and refused when a file of it was changed", async () => {
  showLogs();
  const experiment = await world.openExperiment("ready-made");
  const store = join(world.basePath, "../../nix/nix/store");
  const built = (await readdir(store)).find((name) => name.startsWith(`${first.outputs["lab-hash"]}-`)) ?? "";
  const lab = join(experiment.checkout.folder, "built-lab");
  await cp(join(store, built), lab, { recursive: true, dereference: true });

  const taken = await world.runAction(experiment, { inputs: { lab: "built-lab" } });
  expect(taken, taken.log).toMatchObject({
    exitCode: 0,
    outputs: { reused: "16", "lab-hash": first.outputs["lab-hash"] },
  });

  const [job = ""] = await readdir(join(lab, "jobs"));
  const [program = ""] = await readdir(join(lab, "jobs", job, "bin"));
  await chmod(join(lab, "jobs", job, "bin", program), 0o755);
  await appendFile(join(lab, "jobs", job, "bin", program), "echo tampered\n");
  const refused = await world.runAction(experiment, { inputs: { lab: "built-lab" } });
  expect(refused.exitCode).toBe(2);
  expect(refused.annotations[0]).toMatchObject({ title: "LAB_INVALID" });
  expect(refused.annotations[0]?.message).toContain(job);
});

test("no secret reaches the log, and the submission's token is its owner's alone", async () => {
  expect(first.log).not.toContain("PRIVATE KEY");
  const submission = join(world.basePath, "submissions", first.outputs["submission"] ?? "");
  const token = (await readFile(join(submission, "token"), "utf8")).trim();
  expect(first.log).not.toContain(token);
  expect((await stat(submission)).mode & 0o077).toBe(0);
  expect((await stat(join(submission, "token"))).mode & 0o777).toBe(0o600);
});

async function findMetrics(outputs: string): Promise<string> {
  for (const job of await readdir(outputs)) {
    const found = await stat(join(outputs, job, "out/metrics.json")).catch(() => undefined);
    if (found !== undefined) return job;
  }
  throw new Error(`no job under ${outputs} left metrics.json`);
}
