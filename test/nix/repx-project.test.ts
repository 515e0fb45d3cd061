import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";
import { hashFiles, readManifest } from "./read-lab.ts";

const optional = z.string().nullable();
const mappingSchema = z.strictObject({
  type: optional,
  job_id: optional,
  job_id_template: optional,
  source: optional,
  source_key: optional,
  source_output: optional,
  source_run: optional,
  source_value: optional,
  dependency_type: optional,
  target_input: z.string(),
});
const executableSchema = z.strictObject({
  path: z.string(),
  inputs: z.array(mappingSchema),
  outputs: z.record(z.string(), z.json()),
  resource_hints: z.record(z.string(), z.json()).optional(),
  deps: z.array(z.string()).optional(),
});
const jobSchema = z.strictObject({
  name: z.string(),
  stage_type: z.enum(["simple", "scatter-gather"]),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  executables: z.record(z.string(), executableSchema),
  resource_hints: z.record(z.string(), z.json()).optional(),
});
const runSchema = z.strictObject({
  type: z.literal("run"),
  name: z.string(),
  gitHash: z.string(),
  dependencies: z.record(z.string(), z.enum(["hard", "soft"])),
  jobs: z.record(z.string(), jobSchema),
  image: z.string().optional(),
});

const PROJECT = join(REPOSITORY_ROOT, "test/nix/repx-project");

let builder: LabBuilder;
let lab: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  lab = await builder.build({ expression: `(${renderProject()}).lab` });
});
afterAll(async () => builder[Symbol.asyncDispose]());

/** The project without images, which take longer than all else; `modes` names others. */
function renderProject({
  folder = PROJECT,
  modes = `containerMode = "none"; runContainerMode = "none";`,
} = {}): string {
  return `import ${folder}/lab.nix { inherit pkgs; repx-lib = repx; gitHash = "d34db33f"; modes = { ${modes} }; }`;
}

async function readRunOf(folder: string, run: string) {
  return runSchema.parse(JSON.parse(await readFile(join(folder, `revision/metadata-${run}.json`), "utf8")));
}

async function listJobs(run: string, name: string) {
  const { jobs } = await readRunOf(lab, run);
  return Object.entries(jobs).flatMap(([id, job]) => (job.name === name ? [{ id, ...job }] : []));
}

test("the manifest lists every file but itself with its hash", async () => {
  const { files, lab_version, metadata } = await readManifest(lab);
  expect({ lab_version, metadata }).toEqual({ lab_version: "2.0.0", metadata: "revision/metadata-top.json" });
  expect(files).toEqual((await hashFiles(lab)).filter(({ path }) => path !== "lab/lab-metadata.json"));
});

test("the root names the runs, each after those that it needs, and the groups by the runs' actual names", async () => {
  expect(JSON.parse(await readFile(join(lab, "revision/metadata-top.json"), "utf8"))).toEqual({
    repx_version: "0.5.0",
    type: "root",
    gitHash: "d34db33f",
    runs: ["decay", "growth-run", "summary"].map((run) => `revision/metadata-${run}.json`),
    groups: { everything: ["decay", "growth-run", "summary"], models: ["growth-run", "decay"] },
  });
});

test("the axes of a run multiply, a zip counts as one, and what no stage declares makes no job", async () => {
  const jobs = await listJobs("growth-run", "grow-1.0");
  expect(jobs).toHaveLength(2 * 2 * 2 * 2);
  const schedules = new Set(jobs.map(({ params }) => `${String(params["rate"])}/${String(params["steps"])}`));
  expect([...schedules].toSorted()).toEqual(["2/4", "3/3"]);
  expect(Object.keys(jobs[0]?.params ?? {})).toEqual(["environment", "label", "rate", "seed", "start", "steps"]);
});

test("null is the stage's default", async () => {
  const params = (await listJobs("decay", "grow-1.0")).map((job) => job.params);
  const rest = { seed: 0, start: "1", steps: 2, label: "decay", environment: "" };
  expect(params.toSorted((a, b) => Number(a["rate"]) - Number(b["rate"]))).toEqual([
    { ...rest, rate: -1 },
    { ...rest, rate: 0 },
  ]);
});

test("every job has a folder with its programs, parameters and upstream jobs", async () => {
  const all = Object.entries({ ...(await readRunOf(lab, "growth-run")).jobs, ...(await readRunOf(lab, "decay")).jobs });
  expect(all).toHaveLength(32 + 4);
  for (const [id, job] of all) {
    const pname = job.name.slice(0, job.name.lastIndexOf("-"));
    const programs = await readdir(join(lab, "jobs", id, "bin"));
    const paths = Object.values(job.executables).map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(programs.map((program) => `jobs/${id}/bin/${program}`)));
    expect(JSON.parse(await readFile(join(lab, `jobs/${id}/${pname}-parameters.json`), "utf8"))).toEqual(job.params);
    const upstream = JSON.parse(await readFile(join(lab, `jobs/${id}/nix-input-dependencies.json`), "utf8"));
    const named = Object.values(job.executables).flatMap(({ inputs }) => inputs.map((input) => input.job_id));
    expect(new Set(upstream)).toEqual(new Set(named.filter((name) => name !== null)));
  }
});

test("a stage of many branches has its scatter, its steps and its gather", async () => {
  const [job] = await listJobs("growth-run", "area-1.1");
  const programs = Object.entries(job?.executables ?? {}).map(([name, { path }]) => [name, path.split("/").at(-1)]);
  expect(Object.fromEntries(programs)).toEqual({
    scatter: "area-scatter",
    "step-square": "area-step-square",
    gather: "area-gather",
  });
  expect(job?.executables["scatter"]?.inputs).toMatchObject([
    { type: "intra-pipeline", job_id_template: "grow", source_output: "series.txt", target_input: "lengths" },
  ]);
  expect(job?.executables["scatter"]?.outputs).toEqual({
    worker__arg: { line: 1 },
    work__items: "$out/work_items.json",
  });
  expect(job?.executables["step-square"]?.inputs).toMatchObject([
    { source: "scatter:work_item", target_input: "worker__item", job_id: null },
    { type: "intra-pipeline", target_input: "lengths", job_id: job?.executables["scatter"]?.inputs[0]?.job_id },
  ]);
  expect(job?.executables["gather"]?.inputs).toMatchObject([
    { source: "runner:worker_outputs", source_key: "square", target_input: "worker__outs" },
  ]);
});

test("a run names what it depends on, hard and soft, and its first stage receives it", async () => {
  const { dependencies, jobs } = await readRunOf(lab, "summary");
  expect(dependencies).toEqual({
    "revision/metadata-decay.json": "soft",
    "revision/metadata-growth-run.json": "hard",
  });
  expect(Object.values(jobs).flatMap((job) => job.executables["main"]?.inputs ?? [])).toMatchObject([
    { type: "inter-run", source_run: "decay", dependency_type: "soft", target_input: "metadata__decay" },
    { type: "inter-run", source_run: "growth-run", dependency_type: "hard", target_input: "metadata__growth-run" },
    { type: "global", source_value: "store_base", target_input: "store__base", job_id: null },
  ]);
});

test("empty texts, blanks, files and variables reach the script", async () => {
  const jobs = await listJobs("growth-run", "grow-1.0");
  const wanted = jobs.filter(({ params }) => params["seed"] === 1 && params["steps"] === 3);
  const seen = await Promise.all(
    wanted.map(async ({ id, params, executables }) => {
      const out = join(builder.folder, "outputs", id, "out");
      // There is no /nix here: the file that the parameter names lies in the builder's own store.
      const parameters = JSON.stringify(params).replaceAll("/nix/store", join(builder.folder, "nix/store"));
      const script = join(lab, executables["main"]?.path ?? "");
      const { exitCode, stderr } = await builder.runScript(script, { out, inputs: "{}", parameters });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      const series = await readFile(join(out, "series.txt"), "utf8");
      return `${await readFile(join(out, "label.txt"), "utf8")}: ${series.trimEnd().replaceAll("\n", " ")}`;
    }),
  );
  expect(seen.toSorted()).toEqual([
    "[] in mm: 11 14 17",
    "[] in mm: 2 5 8",
    "[two words] in mm: 11 14 17",
    "[two words] in mm: 2 5 8",
  ]);
});

test.each([
  ["growth", ["growth-run"]],
  ["summary", ["decay", "growth-run", "summary"]],
])("the Lab of the run %s alone has %j", async (run, names) => {
  const folder = await builder.build({ expression: `(${renderProject()}).runs.${run}` });
  const files = await readdir(join(folder, "revision"));
  expect(files.toSorted()).toEqual([...names.map((name) => `metadata-${name}.json`), "metadata-top.json"]);
  for (const name of names) expect(await readRunOf(folder, name)).toEqual(await readRunOf(lab, name));
});

test("a data file more adds jobs and changes no other", async () => {
  const copy = join(builder.folder, "copy");
  await cp(PROJECT, copy, { recursive: true });
  await writeFile(join(copy, "data/medium"), "5\n");
  const grown = await builder.build({ expression: `(${renderProject({ folder: copy })}).lab` });
  const before = Object.keys((await readRunOf(lab, "growth-run")).jobs);
  const after = Object.keys((await readRunOf(grown, "growth-run")).jobs);
  expect(after).toHaveLength(before.length * 1.5);
  expect(after).toEqual(expect.arrayContaining(before));
});

test("a Lab has one image for all runs unless it says otherwise", async () => {
  const folder = await builder.build({ expression: `(${renderProject({ modes: "" })}).lab` });
  const [image = ""] = await readdir(join(folder, "images"));
  const runs = await Promise.all(["decay", "growth-run", "summary"].map(async (run) => readRunOf(folder, run)));
  expect(runs.map((run) => run.image)).toEqual([`images/${image}`, `images/${image}`, `images/${image}`]);
});

test("the Lab of one run has an image for each of its runs unless it says otherwise", async () => {
  const folder = await builder.build({ expression: `(${renderProject({ modes: "" })}).runs.summary` });
  const runs = await Promise.all(["decay", "growth-run", "summary"].map(async (run) => readRunOf(folder, run)));
  const images = await readdir(join(folder, "images"));
  expect(new Set(runs.map((run) => run.image))).toEqual(new Set(images.map((image) => `images/${image}`)));
  expect(images).toHaveLength(3);
});
