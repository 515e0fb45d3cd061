import { lstat, readFile, readdir, readlink, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startLabBuilder, writeExample } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";
import { hashFiles, readManifest, readRun } from "./read-lab.ts";

let builder: LabBuilder;
let lab: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  lab = await builder.build({ installable: `path:${await writeExample(builder, "example")}#default` });
});
afterAll(async () => builder[Symbol.asyncDispose]());

test("the manifest lists every file of the Lab with its hash, sorted, and not itself", async () => {
  const manifest = await readManifest(lab);
  const files = await hashFiles(lab);
  expect(manifest.files).toEqual(files.filter(({ path }) => path !== "lab/lab-metadata.json"));
  expect(manifest).toMatchObject({ lab_version: "1.0.0", metadata: "revision/metadata-top.json" });
  expect(basename(lab)).toBe(`${manifest.labId}-hpc-experiment-lab`);
});

test("the root metadata names the runs, each after those that it depends on", async () => {
  const text = await readFile(join(lab, "revision/metadata-top.json"), "utf8");
  expect(text).toBe(
    '{"gitHash":"","repx_version":"0.5.0","runs":["revision/metadata-simulation.json","revision/metadata-analysis.json"],"type":"root"}',
  );
});

test("the example has 15 jobs of simulation and 1 of analysis", async () => {
  const simulation = await readRun(lab, "simulation");
  const combinations = Object.values(simulation.jobs).map(
    ({ params }) => `${params["lattice_size"]}/${params["seed"]}`,
  );
  expect(new Set(combinations).size).toBe(15);
  expect(Object.keys((await readRun(lab, "analysis")).jobs)).toHaveLength(1);
});

test("the analysis takes the metadata of the simulation and the folder of all outputs, and depends on each job", async () => {
  const analysis = await readRun(lab, "analysis");
  const [[id, job] = ["", undefined]] = Object.entries(analysis.jobs);
  const nothing = { job_id: null, job_id_template: null, source: null, source_key: null, source_output: null };
  expect(analysis.dependencies).toEqual({ "revision/metadata-simulation.json": "hard" });
  expect(job?.executables.main.inputs).toEqual([
    {
      ...nothing,
      type: "inter-run",
      source_run: "simulation",
      source_value: null,
      dependency_type: "hard",
      target_input: "metadata__simulation",
    },
    {
      ...nothing,
      type: "global",
      source_run: null,
      source_value: "store_base",
      dependency_type: null,
      target_input: "store__base",
    },
  ]);
  const upstream = z
    .array(z.string())
    .parse(JSON.parse(await readFile(join(lab, "jobs", id, "nix-input-dependencies.json"), "utf8")));
  expect(upstream.toSorted()).toEqual(Object.keys((await readRun(lab, "simulation")).jobs));
});

test("a job's folder holds its executable and its parameters, the same text as in the metadata", async () => {
  const metadata = await readFile(join(lab, "revision/metadata-simulation.json"), "utf8");
  for (const [id, { executables, params, resource_hints }] of Object.entries((await readRun(lab, "simulation")).jobs)) {
    const text = await readFile(join(lab, "jobs", id, "percolation-parameters.json"), "utf8");
    expect(text).toBe(JSON.stringify(params));
    expect(metadata).toContain(`"params":${text}`);
    expect(resource_hints).toEqual({ cpus: 1, mem: "100M", time: "00:05:00" });
    expect(executables.main.path).toBe(`jobs/${id}/bin/percolation`);
    expect((await stat(join(lab, executables.main.path))).mode & 0o777).toBe(0o555);
  }
});

test("host tools are links into the Lab's own store", async () => {
  const tools = (await readManifest(lab)).files
    .map(({ path }) => path)
    .filter((path) => path.startsWith("host-tools/"));
  expect(tools.map((path) => path.replace(/[0-9a-f]{64}/, "<hash>"))).toEqual([
    "host-tools/<hash>/bin/bash",
    "host-tools/<hash>/bin/busybox",
  ]);
  for (const path of tools) {
    expect(await readlink(join(lab, path))).toMatch(/^\.\.\/\.\.\/\.\.\/store\/[0-9a-z]{32}-\w+-static-[\d.]+-\w+$/);
    expect((await stat(join(lab, path))).mode & 0o111).toBe(0o111);
    expect((await lstat(join(lab, path))).isSymbolicLink()).toBe(true);
  }
});

/** Packages as nixpkgs has them: one program with many names, and others in an output of their own. */
const staticPackages = `let
  package = name: programs: derivation {
    inherit name; system = "x86_64-linux"; builder = "\${pkgs.bash}/bin/bash"; PATH = "\${pkgs.busybox}/bin";
    args = [ "-euc" "mkdir -p $out/bin; cd $out/bin; cp \${pkgs.busybox}/bin/busybox \${builtins.head programs}; for n in \${toString (builtins.tail programs)}; do ln -s \${builtins.head programs} $n; done" ];
  };
  tools = {
    coreutils = package "coreutils-static" [ "coreutils" "[" "ls" "sort" ];
    jq = { outPath = "/unused"; bin = package "jq-static-bin" [ "jq" "other" ]; };
    gnutar = package "tar-static" [ "tar" ];
    zstd = package "zstd-static" [ "zstd" "unzstd" ];
    curl = package "curl-static" [ "curl" ];
    bubblewrap = package "bwrap-static" [ "bwrap" ];
  };
in pkgs // { pkgsStatic = pkgs.pkgsStatic // tools; }`;

test("host tools are those of coreutils, jq, tar, zstd, curl and bubblewrap too where pkgsStatic has them", async () => {
  const built = await builder.build({ expression: `repx.runs2Lab [ (run "r" { pkgs = ${staticPackages}; }) ]` });
  const paths = (await readManifest(built)).files.map(({ path }) => path);
  const tools = paths.filter((path) => path.startsWith("host-tools/"));
  const links = await Promise.all(
    tools.map(
      async (path) => `${basename(path)} ${(await readlink(join(built, path))).replace(/.*[0-9a-z]{32}-/, "")}`,
    ),
  );
  expect(links).toEqual([
    "[ coreutils-static-coreutils",
    "bash bash-static-5.2-bash",
    "busybox busybox-static-1.35-busybox",
    "bwrap bwrap-static-bwrap",
    "coreutils coreutils-static-coreutils",
    "curl curl-static-curl",
    "jq jq-static-bin-jq",
    "ls coreutils-static-coreutils",
    "sort coreutils-static-coreutils",
    "tar tar-static-tar",
    "zstd zstd-static-zstd",
  ]);
});

test("the closure is what Nix finds by following the stage scripts, sorted, without the Lab", async () => {
  const paths = (await readFile(join(lab, "closure/store-paths"), "utf8")).trimEnd().split("\n");
  const scripts = paths.filter((path) => path.endsWith("-script-1.0"));
  const { stdout } = await builder.nix("path-info", "-r", ...scripts);
  expect(scripts).toHaveLength(2);
  expect(paths).toEqual(stdout.trimEnd().split("\n").toSorted());
  expect(paths.map((path) => path.slice("/nix/store/".length + 33)).toSorted()).toEqual([
    "bash-static-5.2",
    "busybox-static-1.35",
    "percolation-script-1.0",
    "percolation.awk",
    "threshold-script-1.0",
    "threshold.awk",
  ]);
});

test("a store path that is only a parameter's value is in the closure with what it refers to", async () => {
  const built = await builder.build({
    expression: `repx.runs2Lab [ (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ (internal "mkStoreValues" { inherit pkgs; } [ "\${builtins.toFile "data.txt" "1"}" ]) ]; }) ]`,
  });
  const closure = await readFile(join(built, "closure/store-paths"), "utf8");
  expect(closure).toMatch(/-data\.txt$/m);
  expect(closure).not.toContain(basename(built));
});

test("a scatter-gather job's folder holds every program of it, and the metadata says which is which", async () => {
  const built = await builder.build({
    expression: `repx.runs2Lab [ (runStage (scattered { steps = { twice = work; }; }) { }) ]`,
  });
  const [job = ""] = await readdir(join(built, "jobs"));
  const programs = await readdir(join(built, "jobs", job, "bin"));
  expect(programs.toSorted()).toEqual(["sg-gather", "sg-scatter", "sg-step-twice"]);
  const metadata = await readFile(join(built, "revision/metadata-r.json"), "utf8");
  for (const program of programs) {
    expect(metadata).toContain(`"path":"jobs/${job}/bin/${program}"`);
    expect((await stat(join(built, "jobs", job, "bin", program))).mode & 0o777).toBe(0o555);
  }
});

test("the record says what the Lab was built with, as far as it is the same on every version of Nix", async () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(REPOSITORY_ROOT, "package.json"), "utf8")));
  const record: unknown = JSON.parse(await readFile(join(lab, "reproducibility/record.json"), "utf8"));
  expect(record).toEqual({
    containerMode: "none",
    gitHash: "",
    lab_version: "1.0.0",
    library: { name: "repx", version },
    packages: {
      bash: expect.stringMatching(/^\/nix\/store\/[0-9a-z]{32}-bash-static-5\.2$/),
      coreutils: expect.stringMatching(/^\/nix\/store\/[0-9a-z]{32}-busybox-static-1\.35$/),
    },
    system: "x86_64-linux",
  });
});

test("jobs that repeat another one are listed with their number, in a file that a Lab without any has not", async () => {
  const built = await builder.build({ expression: `repx.runs2Lab [ (run "r" { loops = 3; }) ]` });
  const repetitions = z
    .record(z.string(), z.number())
    .parse(JSON.parse(await readFile(join(built, "repetitions/jobs.json"), "utf8")));
  expect(new Set(Object.values(repetitions))).toEqual(new Set([2, 3]));
  expect(await readdir(join(built, "jobs"))).toEqual(expect.arrayContaining(Object.keys(repetitions)));
  expect(await readdir(lab)).not.toContain("repetitions");
});

test("a value reaches the file of parameters unchanged, whatever characters it has", async () => {
  const value = "tab\there, line\nend, \"quotes\", back\\slash, %s, 'é'";
  const built = await builder.build({
    expression: `repx.runs2Lab [ (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ (builtins.fromJSON ${JSON.stringify(JSON.stringify(value))}) ]; }) ]`,
  });
  const job = (await readdir(join(built, "jobs"))).find((id) => id.endsWith("-first-1.1")) ?? "";
  const parameters: unknown = JSON.parse(await readFile(join(built, "jobs", job, "first-parameters.json"), "utf8"));
  expect(parameters).toEqual({ x: value });
});

test("the Lab's version is any text", async () => {
  const built = await builder.build({
    expression: `repx.runs2Lab { runs = [ (run "r" { }) ]; lab_version = "1 \\"two\\" \\\\ %s"; }`,
  });
  expect((await readManifest(built)).lab_version).toBe(`1 "two" \\ %s`);
});

test("stages wired in a pipeline name the job that supplies each input", async () => {
  const built = await builder.build({
    expression: `repx.runs2Lab { runs = [ (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ 1 2 ]; }) ]; gitHash = "d34db33f"; groups = { all = [ (run "r" { }) ]; }; }`,
  });
  const { jobs, gitHash } = await readRun(built, "r");
  const inputs = Object.values(jobs).flatMap((job) => job.executables.main.inputs);
  const firsts = Object.keys(jobs).filter((id) => id.endsWith("-first-1.1"));
  expect(inputs.map((input) => input.job_id ?? "").toSorted()).toEqual(firsts.toSorted());
  expect(inputs[0]).toMatchObject({
    type: "intra-pipeline",
    job_id_template: "first",
    source_output: "data",
    target_input: "data",
  });
  expect(gitHash).toBe("d34db33f");
  expect(await readFile(join(built, "revision/metadata-top.json"), "utf8")).toContain('"groups":{"all":["r"]}');
});

test.each([
  [1, "is the same Lab for the same parameters", true],
  [2, "is another Lab for another parameter", false],
])("a definition with x = %i beside one with x = 1 %s", async (value, _title, isSame) => {
  const first = await builder.build({ expression: renderSweep(1) });
  expect((await builder.build({ expression: renderSweep(value) })) === first).toBe(isSame);
});

test("a stage whose script bash cannot read fails the build", async () => {
  const broken = `repx.runs2Lab [ (run "r" { pipelines = [ (chain { first.run = { ... }: "if true; then"; }) ]; parameters.x = [ 1 ]; }) ]`;
  await expect(builder.build({ expression: broken })).rejects.toThrow(/syntax error: unexpected end of file/);
});

function renderSweep(x: number): string {
  return `repx.runs2Lab [ (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ ${x} ]; }) ]`;
}
