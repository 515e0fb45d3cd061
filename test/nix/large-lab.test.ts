import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";
import { hashFiles, readManifest, readRun } from "./read-lab.ts";

let builder: LabBuilder;
beforeAll(async () => {
  builder = await startLabBuilder();
});
afterAll(async () => builder[Symbol.asyncDispose]());

/** 20 x 20 combinations of two stages; the first one takes only one of the parameters. */
const renderSweep = (last: number) => `repx.runs2Lab [ (run "sweep" {
  pipelines = [ (chain { second.parameters.y = 0; }) ];
  parameters = { x = builtins.genList (n: n) 20; y = builtins.genList (n: n) 19 ++ [ ${last} ]; };
}) ]`;

test("400 combinations make each job once, with a true hash for every file", async () => {
  const lab = await builder.build({ expression: renderSweep(19) });
  const ids = await readdir(join(lab, "jobs"));
  expect(ids.filter((id) => id.endsWith("-first-1.1"))).toHaveLength(20);
  expect(ids.filter((id) => id.endsWith("-second-1.1"))).toHaveLength(400);
  expect(Object.keys((await readRun(lab, "sweep")).jobs).toSorted()).toEqual(ids.toSorted());
  const files = await hashFiles(lab);
  expect((await readManifest(lab)).files).toEqual(files.filter(({ path }) => path !== "lab/lab-metadata.json"));
});

test("after a change of one parameter's value the Lab alone is built", async () => {
  await builder.build({ expression: renderSweep(19) });
  expect(await listBuilt(renderSweep(20))).toEqual(["hpc-experiment-lab"]);
});

test("60 runs of 8 combinations, each with a script of its own, fit into one build", async () => {
  const lab = await builder.build({
    expression: `repx.runs2Lab (builtins.genList (n: run "run-\${toString n}" {
      pipelines = [ (chain { first.run = { ... }: "echo \${toString n}"; }) ];
      parameters.x = builtins.genList (x: x) 8;
    }) 60)`,
  });
  expect(await readdir(join(lab, "revision"))).toHaveLength(61);
  expect(await readdir(join(lab, "jobs"))).toHaveLength(60 * 8 * 2);
});

test("a job has the program that its stage's script is, where stages differ by run", async () => {
  const lab = await builder.build({
    expression: `repx.runs2Lab (builtins.genList (n: run "run-\${toString n}" {
      pipelines = [ (pipe (call: { a = call (stage "a" { parameters.x = 0; run = { ... }: "echo \${toString n}"; }) [ ]; })) ];
      parameters.x = builtins.genList (x: x) 600;
    }) 2)`,
  });
  for (const n of [0, 1]) {
    const jobs = Object.values((await readRun(lab, `run-${n}`)).jobs);
    const scripts = await Promise.all(jobs.map(async (job) => readFile(join(lab, job.executables.main.path), "utf8")));
    expect(new Set(scripts.map((text) => text.trimEnd().split("\n").at(-1)))).toEqual(new Set([`echo ${n}`]));
  }
});

test("a stage may use 1,500 packages, and its Lab lists them all", async () => {
  const lab = await builder.build({
    expression: `repx.runs2Lab [ (run "wide" { pipelines = [ (chain {
      first.runDependencies = builtins.genList (n: { type = "derivation"; outPath = builtins.toFile "package-\${toString n}" ""; }) 1500;
    }) ]; }) ]`,
  });
  const closure = (await readFile(join(lab, "closure/store-paths"), "utf8")).split("\n");
  expect(closure.filter((path) => path.includes("-package-"))).toHaveLength(1500);
});

test("parameters may name 1,500 store paths, and the Lab lists them all", async () => {
  const lab = await builder.build({
    expression: `repx.runs2Lab [ (run "wide" { pipelines = [ (chain { }) ];
      parameters.x = builtins.genList (n: builtins.toFile "data-\${toString n}" "") 1500; }) ]`,
  });
  const closure = (await readFile(join(lab, "closure/store-paths"), "utf8")).split("\n");
  expect(closure.filter((path) => path.includes("-data-"))).toHaveLength(1500);
});

/** Names of what Nix builds for an expression beyond what it has. */
async function listBuilt(expression: string): Promise<string[]> {
  const prelude = join(import.meta.dirname, "prelude.nix");
  const scope = `with import ${prelude} { library = ${builder.folder}/library; packages = "path:${builder.folder}/packages"; };`;
  const { stderr } = await builder.nix("build", "--no-link", "--impure", "--expr", `${scope} ${expression}`);
  return [...stderr.matchAll(/^building '\/nix\/store\/[0-9a-z]{32}-(.+)\.drv'/gm)].map(([, name]) => name ?? "");
}
