// A Lab as RepX 0.5.0 itself lays it out: `sim-run` (a generator, and a scatter-gather sum of what it made), `plot-run`,
// which reads that run when it has ended, a shared image, host tools by links, no list of the closure.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeMapping } from "./lab.fixture.ts";

export const REPX_LAB_HASH = "1x3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5";
export const REPX_GEN = "15df99k894nf5pz4jpg778qfxc3sfc8g-gen-1.1";
export const REPX_GEN_2 = "15zw99k894nf5pz4jpg778qfxc3sfc8g-gen-1.1";
export const REPX_SUM = "0pkal2l773h3xad28nj3y9nglpg1znxk-sum-1.1";
export const REPX_SUM_2 = "0bcal2l773h3xad28nj3y9nglpg1znxk-sum-1.1";
export const REPX_PLOT = "1id02yrdzn7c237hx3pbpcm8ma6fh9wi-plot-1.1";
const IMAGE = "images/0x1y2z-repx-shared-image.tar";
const LAYER = "7c7fbb3f8f2b2a0d";
const TOOLS = "host-tools/9a0f6c1e/bin";

/** A file's text, data that becomes JSON, or a symbolic link. */
export type RepxLabFile = string | { readonly json: unknown } | { readonly link: string };
/** What a Lab consists of but its manifest, by path; a test changes it before it is written. */
export type RepxLabFiles = Map<string, RepxLabFile>;

/** Makes the files of the Lab. */
export function makeRepxLab(): RepxLabFiles {
  return new Map<string, RepxLabFile>([
    ["revision/metadata-top.json", { json: makeRoot() }],
    ["revision/metadata-sim-run.json", { json: makeSimRun() }],
    ["revision/metadata-plot-run.json", { json: makePlotRun() }],
    ...makeJobFiles(REPX_GEN, "gen", ["gen"], { offset: 1 }, []),
    ...makeJobFiles(REPX_GEN_2, "gen", ["gen"], { offset: 2 }, []),
    ...makeJobFiles(REPX_SUM, "sum", SUM_PROGRAMS, { mode: "fast" }, [REPX_GEN]),
    ...makeJobFiles(REPX_SUM_2, "sum", SUM_PROGRAMS, { mode: "fast" }, [REPX_GEN_2]),
    ...makeJobFiles(REPX_PLOT, "plot", ["plot"], {}, []),
    ["store/aaaa-bash-static-5.2-bash", "#!/bin/false bash\n"],
    ["store/bbbb-jq-1.7-jq", "#!/bin/false jq\n"],
    [`store/${LAYER}-layer.tar`, "layer\n"],
    [`${TOOLS}/bash`, { link: "../../../store/aaaa-bash-static-5.2-bash" }],
    [`${TOOLS}/jq`, { link: "../../../store/bbbb-jq-1.7-jq" }],
    [`${IMAGE}/manifest.json`, { json: [{ Config: "c0.json", RepoTags: null, Layers: [`${LAYER}/layer.tar`] }] }],
    [`${IMAGE}/c0.json`, { json: { architecture: "amd64", os: "linux" } }],
    [`${IMAGE}/${LAYER}/layer.tar`, { link: `../../../store/${LAYER}-layer.tar` }],
    ["readme/README.md", "# Lab\n"],
  ]);
}

/** Writes the Lab to a folder, which is made, with a manifest over all of it. */
export async function writeRepxLab(
  folder: string,
  files: RepxLabFiles = makeRepxLab(),
  manifestName = "lab-metadata.json",
): Promise<void> {
  for (const [path, content] of files) {
    const place = join(folder, path);
    await mkdir(dirname(place), { recursive: true });
    if (typeof content === "object" && "link" in content) await symlink(content.link, place);
    else await writeFile(place, typeof content === "string" ? content : JSON.stringify(content.json));
  }
  const manifest = {
    labId: REPX_LAB_HASH,
    lab_version: "1.0.0",
    metadata: "revision/metadata-top.json",
    files: await hashTree(folder, ""),
  };
  await mkdir(join(folder, "lab"), { recursive: true });
  await writeFile(join(folder, "lab", manifestName), JSON.stringify(manifest));
}

const SUM_PROGRAMS = ["sum-scatter", "sum-step-sq", "sum-gather"];

function makeRoot(): unknown {
  const runs = ["revision/metadata-sim-run.json", "revision/metadata-plot-run.json"];
  return {
    repx_version: "0.5.0",
    type: "root",
    gitHash: "d34db33f",
    runs,
    groups: { all: ["sim-run", "plot-run"], compute: ["sim-run"] },
    generator: "repx-expand",
  };
}

function makeSimRun(): unknown {
  const jobs = {
    [REPX_SUM]: makeSum(REPX_SUM, REPX_GEN),
    [REPX_SUM_2]: makeSum(REPX_SUM_2, REPX_GEN_2),
    [REPX_GEN]: makeGen(REPX_GEN, 1, { cpus: 1, mem: "256M", time: "00:02:00", partition: null, sbatch_opts: null }),
    [REPX_GEN_2]: makeGen(REPX_GEN_2, 2, null),
  };
  return { type: "run", name: "sim-run", gitHash: "d34db33f", dependencies: {}, image: IMAGE, jobs };
}

function makeGen(id: string, offset: number, hints: unknown): unknown {
  const main = { inputs: [], outputs: { list: "$out/numbers.txt" }, path: `jobs/${id}/bin/gen` };
  return {
    name: "gen-1.1",
    stage_type: "simple",
    params: { offset, mode: "slow" },
    executables: { main },
    resource_hints: hints,
  };
}

function makeSum(id: string, gen: string): unknown {
  const list = makeMapping({
    type: "intra-pipeline",
    job_id: gen,
    job_id_template: "gen",
    source_output: "list",
    target_input: "number_list_file",
  });
  const item = makeMapping({ source: "scatter:work_item", target_input: "worker__item" });
  const outs = makeMapping({ source: "runner:worker_outputs", source_key: "sq", target_input: "worker__outs" });
  const items = makeMapping({ job_id: "self", source_output: "work__items", target_input: "work__items" });
  const bin = `jobs/${id}/bin`;
  return {
    name: "sum-1.1",
    stage_type: "scatter-gather",
    params: { mode: "fast" },
    executables: {
      gather: { inputs: [outs, items], outputs: { total: "$out/total.txt" }, path: `${bin}/sum-gather` },
      scatter: {
        inputs: [list],
        outputs: { work__items: "$out/work_items.json", worker__arg: { startIndex: 0 } },
        path: `${bin}/sum-scatter`,
      },
      "step-sq": {
        deps: [],
        inputs: [item, list],
        outputs: { sq: "$out/sq.txt" },
        path: `${bin}/sum-step-sq`,
        resource_hints: { cpus: 1, mem: "512M" },
      },
    },
  };
}

function makePlotRun(): unknown {
  const inputs = [
    makeMapping({
      type: "inter-run",
      source_run: "sim-run",
      dependency_type: "soft",
      target_input: "metadata__sim-run",
    }),
    makeMapping({ type: "global", source_value: "store_base", target_input: "store__base" }),
  ];
  const main = { inputs, outputs: { plot: "$out/plot.png" }, path: `jobs/${REPX_PLOT}/bin/plot` };
  return {
    type: "run",
    name: "plot-run",
    gitHash: "d34db33f",
    dependencies: { "revision/metadata-sim-run.json": "soft" },
    image: IMAGE,
    jobs: { [REPX_PLOT]: { name: "plot-1.1", stage_type: "simple", params: {}, executables: { main } } },
  };
}

function makeJobFiles(
  id: string,
  stage: string,
  programs: readonly string[],
  params: unknown,
  upstream: readonly string[],
): [string, RepxLabFile][] {
  return [
    ...programs.map((name): [string, RepxLabFile] => [`jobs/${id}/bin/${name}`, `#!/usr/bin/env bash\n: ${name}\n`]),
    [`jobs/${id}/${stage}-parameters.json`, { json: params }],
    [`jobs/${id}/nix-input-dependencies.json`, { json: upstream }],
  ];
}

/** Links are listed under their own path, with the hash of what they lead to. */
async function hashTree(folder: string, path: string): Promise<{ path: string; sha256: string }[]> {
  const names = (await readdir(join(folder, path))).toSorted();
  const found = names.map(async (name) => {
    const place = path === "" ? name : `${path}/${name}`;
    if ((await stat(join(folder, place))).isDirectory()) return hashTree(folder, place);
    const content = await readFile(join(folder, place));
    return [{ path: place, sha256: createHash("sha256").update(content).digest("hex") }];
  });
  const files = (await Promise.all(found)).flat();
  return files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}
