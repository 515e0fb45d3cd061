// The example of docs/analysis.md, run as its reader runs it.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LAB_HASH, writeLab, type LabFiles } from "./lab/lab.fixture.ts";
import { runCommand } from "./target/command/command.ts";

const PAGE = join(import.meta.dirname, "../../../docs/analysis.md");

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-analysis-"));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

async function readFence(info: string): Promise<string> {
  const [, text] = new RegExp(`^\`\`\`${info}\n([^]*?)^\`\`\`$`, "m").exec(await readFile(PAGE, "utf8")) ?? [];
  if (text === undefined) throw new Error(`${PAGE} has no example ${info}`);
  return text;
}

const JOBS = [
  { id: "1".padEnd(32, "1"), params: { lattice_size: 16, seed: 1 }, mean: 0.58 },
  { id: "1".padEnd(32, "2"), params: { lattice_size: 16, seed: 2 }, mean: 0.6 },
  { id: "1".padEnd(32, "3"), params: { lattice_size: 32, seed: 1 }, mean: 0.593 },
  { id: "1".padEnd(32, "4"), params: { lattice_size: 32, seed: 2 }, mean: undefined },
].map((job) => ({ ...job, id: `${job.id}-percolation-1.0` }));

/** The example experiment's Lab, with fewer jobs. */
function makeSweep(): LabFiles {
  const jobs = JOBS.map(({ id, params }) => {
    const main = { path: `jobs/${id}/bin/percolation`, inputs: [], outputs: { threshold: "$out/threshold.tsv" } };
    return [id, { name: "percolation-1.0", stage_type: "simple", params, executables: { main } }] as const;
  });
  const run = { type: "run", name: "simulation", gitHash: "x", dependencies: {}, jobs: Object.fromEntries(jobs) };
  const path = "revision/metadata-simulation.json";
  const root = { repx_version: "0.5.0", type: "root", gitHash: "x", runs: [path] };
  const programs = JOBS.map(({ id }) => [`jobs/${id}/bin/percolation`, "#!/bin/sh\n"] as const);
  return { "revision/metadata-top.json": root, [path]: run, ...Object.fromEntries(programs) };
}

async function writeResults(target: string): Promise<void> {
  for (const { id, params, mean } of JOBS) {
    if (mean === undefined) continue;
    const line = `${params.lattice_size}\t${params.seed}\t100\t${mean}\t0.01`;
    const table = `lattice_size\tseed\trealisations\tmean\tvariance\n${line}\n`;
    const files = { "repx/SUCCESS": "", "out/threshold.tsv": table };
    for (const [path, text] of Object.entries(files)) {
      const place = join(target, "outputs", id, path);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, text);
    }
  }
}

test("the example prints what the page says it prints", async () => {
  await using written = await writeLab(makeSweep());
  const target = join(scratch, "target");
  await writeResults(target);
  // What `npm install` of the package's folder leaves.
  await mkdir(join(scratch, "node_modules/@repx"), { recursive: true });
  await symlink(join(import.meta.dirname, ".."), join(scratch, "node_modules/@repx/core"));
  await writeFile(join(scratch, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(scratch, "analyse.ts"), await readFence("ts analyse.ts"));
  const output = await runCommand({
    argv: [process.execPath, join(scratch, "analyse.ts"), written.folder, target],
    environment: { PATH: "/usr/bin:/bin", NODE_NO_WARNINGS: "1" },
  });
  expect(output).toMatchObject({ exitCode: 0, stderr: "", stdout: await readFence("text") });
  expect(output.stdout).toContain(LAB_HASH);
});
