// A small Lab in RepX 0.5's format: the run `simulation` with two generators and a sum, and `analysis`, which reads it.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

export const LAB_HASH = "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5";
export const GENERATE_1 = "15df99k894nf5pz4jpg778qfxc3sfc8g-generate-1.1";
export const GENERATE_2 = "1rp13yid26831ad1z0w1r3mqrzb3877l-generate-1.1";
export const SUM = "0pkal2l773h3xad28nj3y9nglpg1znxk-sum-1.1";
export const PLOT = "1id02yrdzn7c237hx3pbpcm8ma6fh9wi-plot-1.1";
export const STORE_PATH = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bash-5.2";

/** The metadata as plain data, to be changed by a test before it is written. */
export interface LabFiles {
  [path: string]: unknown;
}

const NOTHING = { type: null, job_id: null, job_id_template: null, source_output: null, source_run: null };
const NOTHING_MORE = { dependency_type: null, source_value: null, source: null, source_key: null };

/** Makes a mapping as repx-expand writes it, with explicit nulls. */
export function makeMapping(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...NOTHING, ...NOTHING_MORE, ...fields };
}

function makeJob(id: string, stage: string, params: unknown, inputs: unknown[], outputs: unknown): unknown {
  return {
    name: `${stage}-1.1`,
    stage_type: "simple",
    params,
    executables: { main: { path: `jobs/${id}/bin/${stage}`, inputs, outputs } },
    resource_hints: { mem: "256M", cpus: 1, time: "00:02:00", partition: null, sbatch_opts: null },
  };
}

function makeWire(id: string, target: string): unknown {
  const from = { type: "intra-pipeline", job_id: id, job_id_template: "generate", source_output: "data" };
  return makeMapping({ ...from, target_input: target });
}

function makeSimulation(): Record<string, unknown> {
  return {
    type: "run",
    name: "simulation",
    gitHash: "d34db33f",
    dependencies: {},
    jobs: {
      [SUM]: makeJob(SUM, "sum", {}, [makeWire(GENERATE_1, "one"), makeWire(GENERATE_2, "two")], {
        total: "$out/total.txt",
      }),
      [GENERATE_1]: makeJob(GENERATE_1, "generate", { slope: 1 }, [], { data: "$out/data.csv" }),
      [GENERATE_2]: makeJob(GENERATE_2, "generate", { slope: 2 }, [], { data: "$out/data.csv" }),
    },
  };
}

function makeAnalysis(kind: "hard" | "soft"): Record<string, unknown> {
  const inputs = [
    makeMapping({
      type: "inter-run",
      source_run: "simulation",
      dependency_type: kind,
      target_input: "metadata__simulation",
    }),
    makeMapping({ type: "global", source_value: "store_base", target_input: "store__base" }),
  ];
  return {
    type: "run",
    name: "analysis",
    gitHash: "d34db33f",
    dependencies: { "revision/metadata-simulation.json": kind },
    jobs: { [PLOT]: makeJob(PLOT, "plot", {}, inputs, { plot: "$out/plot.svg" }) },
  };
}

/** The files of the Lab, without the manifest. */
export function makeLabFiles(kind: "hard" | "soft" = "hard"): LabFiles {
  const files: LabFiles = {
    "revision/metadata-top.json": {
      repx_version: "0.5.0",
      type: "root",
      gitHash: "d34db33f",
      runs: ["revision/metadata-simulation.json", "revision/metadata-analysis.json"],
      groups: { all: ["simulation", "analysis"] },
    },
    "revision/metadata-simulation.json": makeSimulation(),
    "revision/metadata-analysis.json": makeAnalysis(kind),
    "closure/store-paths": `${STORE_PATH}\n`,
  };
  for (const [id, stage] of [
    [GENERATE_1, "generate"],
    [GENERATE_2, "generate"],
    [SUM, "sum"],
    [PLOT, "plot"],
  ] as const) {
    files[`jobs/${id}/bin/${stage}`] = "#!/bin/sh\n";
    files[`jobs/${id}/${stage}-parameters.json`] = {};
  }
  return files;
}

/** Writes a Lab to a temporary folder, with a manifest over what was written. */
export async function writeLab(files: LabFiles): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "repx-lab-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await writeFile(join(folder, path), text, { mode: path.includes("/bin/") ? 0o755 : 0o644 });
  }
  if (files["lab/lab-metadata.json"] === undefined) await writeManifest(folder);
  return { folder, [Symbol.asyncDispose]: async () => rm(folder, { recursive: true, force: true }) };
}

async function writeManifest(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const files = await Promise.all(
    paths.toSorted().map(async (path) => {
      const sha256 = createHash("sha256")
        .update(await readFile(join(folder, path)))
        .digest("hex");
      return { path, sha256 };
    }),
  );
  const manifest = { labId: LAB_HASH, lab_version: "1.0.0", metadata: "revision/metadata-top.json", files };
  await mkdir(join(folder, "lab"));
  await writeFile(join(folder, "lab/lab-metadata.json"), JSON.stringify(manifest));
}
