// Labs to draw, as values: the reference Lab of 153 jobs, a sweep, and a Lab of as many stages as wanted.
import { JobId, LabHash, RunName } from "../ids.ts";
import type { Executable, InputMapping, Lab, LabJob, LabRun } from "../lab.ts";

type Parameters = LabJob["params"];

export const SIMULATION = RunName.parse("simulation-run");
export const ANALYSIS = RunName.parse("analysis-run");

/** A wire: the job that it comes from, its output, and the input here where that has another name. */
export type FixtureWire = readonly [upstream: JobId, output: string, input?: string];

/** What a job is made of. */
export interface FixtureJob {
  readonly stage: string;
  readonly params?: Parameters;
  readonly wires?: readonly FixtureWire[];
  readonly outputs?: readonly string[];
  readonly resources?: LabJob["resource_hints"];
}

/** Collects jobs and runs into a Lab. */
export interface LabMaker {
  readonly jobs: Map<JobId, LabJob>;
  readonly groups: Map<string, RunName[]>;
  /** Adds a simple job. */
  add(job: FixtureJob): JobId;
  /** Adds a scatter-gather job whose steps are a diamond. */
  addScatterGather(stage: string, wire: FixtureWire, output: string): JobId;
  /** Adds a run of the given jobs, or of all that no run has yet. */
  addRun(name: RunName, dependencies?: readonly (readonly [RunName, "hard" | "soft"])[], jobs?: JobId[]): void;
  build(): Lab;
}

/** Starts a Lab without jobs and runs. */
export function startLab(): LabMaker {
  const jobs = new Map<JobId, LabJob>();
  const runs = new Map<RunName, LabRun>();
  const groups = new Map<string, RunName[]>();
  const addJob = (stage: string, describe: (id: JobId) => Omit<LabJob, "name">): JobId => {
    const number = String(jobs.size).padStart(8, "0").split("").toReversed().join("");
    const id = JobId.parse(`${number}${"0".repeat(24)}-s${stage.replaceAll(/[^\w.-]/g, "_").slice(0, 80)}`);
    jobs.set(id, { name: stage, ...describe(id) });
    return id;
  };
  return {
    jobs,
    groups,
    add({ stage, params = {}, wires = [], outputs = ["out"], resources }) {
      return addJob(stage, (id) => {
        const main = { path: `jobs/${id}/bin/run`, inputs: wires.map(makeWire), outputs: makeOutputs(outputs) };
        const hints = resources === undefined ? {} : { resource_hints: resources };
        return { stage_type: "simple", params, executables: { main }, ...hints };
      });
    },
    addScatterGather: (stage, wire, output) =>
      addJob(stage, (id) => {
        return { stage_type: "scatter-gather", params: {}, executables: makeDiamond(id, makeWire(wire), output) };
      }),
    addRun(name, dependencies = [], members) {
      const taken = new Set([...runs.values()].flatMap((run) => run.jobIds));
      const jobIds = members ?? [...jobs.keys()].filter((id) => !taken.has(id));
      const metadataPath = `revision/metadata-${name}.json`;
      runs.set(name, { name, metadataPath, jobIds, dependencies: new Map(dependencies) });
    },
    build() {
      const hash = LabHash.parse("0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5");
      const manifest = { labId: hash, lab_version: "1.0.0", metadata: "revision/metadata-top.json", files: [] };
      return { hash, manifest, runs, groups, jobs, gitHash: "d34db33f", storePaths: [] };
    },
  };
}

function makeDiamond(id: JobId, outer: InputMapping, output: string): LabJob["executables"] {
  const make = (name: string, inputs: InputMapping[], outputs: string[], deps?: string[]): Executable => {
    const program = { path: `jobs/${id}/bin/${name}`, inputs, outputs: makeOutputs(outputs) };
    return deps === undefined ? program : { ...program, deps };
  };
  const item: InputMapping = { source: "scatter:work_item", target_input: "worker__item" };
  const outs: InputMapping = { source: "runner:worker_outputs", target_input: "worker__outs" };
  const parts = [makeStepWire("square", "squared"), makeStepWire("double", "doubled")];
  return {
    scatter: make("scatter", [outer], ["work__items", "worker__arg"]),
    "step-extract": make("extract", [item, outer], ["number"], []),
    "step-square": make("square", [makeStepWire("extract", "number")], ["squared"], ["extract"]),
    "step-double": make("double", [makeStepWire("extract", "number")], ["doubled"], ["extract"]),
    "step-combine": make("combine", parts, ["partial_sum"], ["square", "double"]),
    gather: make("gather", [outs], [output]),
  };
}

function makeStepWire(step: string, name: string): InputMapping {
  return { source: `step:${step}`, source_output: name, target_input: name };
}

function makeWire([upstream, output, input = output]: FixtureWire): InputMapping {
  return { type: "intra-pipeline", job_id: upstream, source_output: output, target_input: input };
}

function makeOutputs(names: readonly string[]): Executable["outputs"] {
  return Object.fromEntries(names.map((name) => [name, `$out/${name}`]));
}

/** Makes the reference Lab: stages A to G in 152 jobs, a plot that reads them, and two groups. */
export function makeReferenceLab(): Lab {
  const maker = startLab();
  const folders = ["headers-a", "headers-b"].map((name) => `/nix/store/${"a".repeat(32)}-source/${name}`);
  const configs = ["one.json", "two.json"].map((name) => `/nix/store/${"b".repeat(32)}-configs/./${name}`);
  const tool = `/nix/store/${"c".repeat(32)}-hello-2.12/bin`;
  const resources = { mem: "256M", cpus: 1, time: "00:02:00" };
  for (const offset of [1, 2]) {
    for (const template_dir of folders) {
      const paramsOfA = { offset, template_dir, nix_tool_bin: tool };
      const a = maker.add({ stage: "stage-A-producer-1.1", params: paramsOfA, outputs: ["data_a"], resources });
      for (const mode of ["fast", "slow"]) {
        for (const config_file of configs) addChain(maker, a, { offset, mode, config_file });
      }
    }
  }
  maker.addRun(SIMULATION);
  const plot = maker.add({ stage: "stage-analysis-1.1", outputs: ["analysis.plot"] });
  const inputs: InputMapping[] = [
    { type: "inter-run", source_run: SIMULATION, dependency_type: "soft", target_input: "metadata__simulation-run" },
    { type: "global", target_input: "store__base" },
  ];
  maker.jobs.get(plot)?.executables["main"]?.inputs.push(...inputs);
  maker.addRun(ANALYSIS, [[SIMULATION, "soft"]]);
  maker.groups.set("all", [SIMULATION, ANALYSIS]).set("compute", [SIMULATION]);
  return maker.build();
}

function addChain(maker: LabMaker, a: JobId, point: { offset: number; mode: string; config_file: string }): void {
  const { offset, mode, config_file } = point;
  const isB = (job: LabJob): boolean => job.params["mode"] === mode && job.params["config_file"] === config_file;
  const known = [...maker.jobs].find(([, job]) => job.name === "stage-B-producer-1.1" && isB(job))?.[0];
  const b =
    known ?? maker.add({ stage: "stage-B-producer-1.1", params: { mode, config_file }, outputs: ["raw_output"] });
  const c = maker.add({
    stage: "stage-C-consumer-1.1",
    outputs: ["combined_list"],
    wires: [
      [a, "data_a"],
      [b, "raw_output", "list_b"],
    ],
  });
  const d = maker.addScatterGather(
    "stage-D-partial-sums-1.1",
    [c, "combined_list", "number_list_file"],
    "data__partial_sums",
  );
  const e = maker.add({
    stage: "stage-E-total-sum-1.1",
    wires: [[d, "data__partial_sums"]],
    outputs: ["data.total_sum"],
  });
  for (const multiplier of [2, 3]) {
    const f = maker.add({
      stage: `stage-F-dynamic-${mode}-1.1`,
      params: { mode, multiplier },
      outputs: ["result", "summary"],
      wires: [[e, "data.total_sum", "source_data"]],
    });
    for (const workload_args of ["10 20 30", "5 15 25"]) {
      maker.add({
        stage: "stage-G-multiarg-1.1",
        outputs: ["data.multiarg_result"],
        params: { workload_args, offset, env: "export OMP_NUM_THREADS=1" },
        wires: [[f, "result", "source_data"]],
      });
    }
  }
}

/** Makes a sweep of two parameters and two stages: half as many combinations as jobs. */
export function makeSweepLab(combinations: number): Lab {
  const maker = startLab();
  const side = Math.ceil(Math.sqrt(combinations));
  for (let nth = 0; nth < combinations; nth++) {
    const params = { temperature: (nth % side) / 10, seed: Math.floor(nth / side) };
    const source = maker.add({ stage: "simulate-2.0", params, outputs: ["trajectory"] });
    maker.add({ stage: "measure-2.0", params: { seed: params.seed }, wires: [[source, "trajectory"]] });
  }
  maker.addRun(RunName.parse("sweep"));
  return maker.build();
}

/** Makes a Lab of several runs whose stages feed one, two or three of the stages before them. */
export function makeWideLab(stages: number, runs: number): Lab {
  const maker = startLab();
  for (let run = 0; run < runs; run++) {
    const made: JobId[] = [];
    for (let nth = 0; nth < stages / runs; nth++) {
      const sources = [made[nth - 3], made[Math.floor(nth / 2) - 1], nth % 5 === 4 ? made[0] : undefined];
      const wires = [...new Set(sources)].flatMap((id): FixtureWire[] =>
        id === undefined ? [] : [[id, `part_${nth % 4}`]],
      );
      const params = nth % 3 === 0 ? { seed: nth } : {};
      made.push(maker.add({ stage: `stage-${String.fromCodePoint(97 + run)}${nth}-1.0`, params, wires }));
    }
    const before = run === 0 ? [] : ([[RunName.parse(`run-${run}`), run % 2 === 0 ? "soft" : "hard"]] as const);
    maker.addRun(RunName.parse(`run-${run + 1}`), before);
  }
  return maker.build();
}

/** Names that mean something in one of the formats. */
export const HOSTILE_NAMES = [
  '"><script>alert(1)</script>',
  "]]> & <b>x</b>",
  "line\nbreak\r\n\t\u0000\u001b[31m\u202Eevil",
  "\\N \\G \\l \\",
  '"]; a -> b; "',
  "%%{init: {}}%%",
  "#quot;#35;",
  "end",
  "`**bold**`",
  "\ud800 \uffff",
  "\u65e5\u672c\u8a9e",
  "--> s0",
  "x".repeat(300),
  "",
];

/** Makes a Lab in which everything that has a free name is called the same. */
export function makeHostileLab(name: string): Lab {
  const lab = startLab();
  const source = lab.add({ stage: name, params: { [name]: name, second: 1 }, outputs: [name] });
  lab.add({ stage: name, params: { [name]: `${name}2` } });
  const wire: FixtureWire = [source, name, `${name}'`];
  lab.addScatterGather(`${name} gathered`, wire, name);
  lab.add({ stage: `${name} read`, wires: [wire] });
  lab.addRun(SIMULATION);
  lab.groups.set(name, [SIMULATION]);
  return lab.build();
}
