import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { runGit, startLabBuilder, writeExample } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";
import { readRun } from "./read-lab.ts";

const metric = z.object({ value: z.number(), error: z.number() });
const metricsSchema = z.object({ percolation_threshold: metric, finite_size_slope: metric, realisations: z.number() });

let builder: LabBuilder;
let checkout: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  checkout = await writeExample(builder, "checkout");
});
afterAll(async () => builder[Symbol.asyncDispose]());

test("a locked checkout builds to the same Lab as a plain folder and as a Git repository", async () => {
  const plain = await builder.build({ installable: `path:${checkout}#default` });
  await runGit(checkout, "init", "--quiet");
  await runGit(checkout, "add", "--all");
  expect(await builder.build({ installable: `${checkout}#default` })).toBe(plain);
  await runGit(checkout, "commit", "--quiet", "--message", "study: begin");
  expect(await builder.build({ installable: `${checkout}#default` })).toBe(plain);
});

test("the jobs estimate the known threshold within three standard errors", async () => {
  const lab = await builder.build({ installable: `path:${checkout}#default` });
  const target = join(builder.folder, "target");
  await mkdir(join(target, "artifacts/revision"), { recursive: true });
  const metadata = join(target, "artifacts/revision/metadata-simulation.json");
  await copyFile(join(lab, "revision/metadata-simulation.json"), metadata);

  const queue = Object.entries((await readRun(lab, "simulation")).jobs);
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [id, job] = next;
      await runJob(join(lab, job.executables.main.path), id, JSON.stringify(job.params), "{}");
    }
  };
  await Promise.all([work(), work()]);

  const [[id, job] = ["", undefined]] = Object.entries((await readRun(lab, "analysis")).jobs);
  const inputs = JSON.stringify({ metadata__simulation: metadata, store__base: target });
  await runJob(join(lab, job?.executables.main.path ?? ""), id, "{}", inputs);

  const out = join(target, "outputs", id, "out");
  const { percolation_threshold: threshold, realisations } = metricsSchema.parse(
    JSON.parse(await readFile(join(out, "metrics.json"), "utf8")),
  );
  expect(Math.abs(threshold.value - 0.592746)).toBeLessThan(3 * threshold.error);
  expect(threshold.error).toBeLessThan(0.003);
  expect(realisations).toBe(5 * (625 + 156 + 39));
  expect((await readFile(join(out, "thresholds.tsv"), "utf8")).split("\n").map((line) => line.split("\t")[0])).toEqual([
    "lattice_size",
    "16",
    "32",
    "64",
    "",
  ]);
});

async function runJob(script: string, id: string, parameters: string, inputs: string): Promise<void> {
  const out = join(builder.folder, "target/outputs", id, "out");
  const { exitCode, stderr } = await builder.runScript(script, { out, inputs, parameters });
  if (exitCode !== 0) throw new Error(`${id} ended with ${exitCode}\n${stderr}`);
}
