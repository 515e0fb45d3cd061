// What a Lab answers to an analysis script: one that RepX made, and one of ours.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Job } from "../lab-door.ts";
import { GENERATE_1, makeLabFiles, SUM, writeLab } from "./lab.fixture.ts";
import {
  makeRepxLab,
  REPX_GEN,
  REPX_GEN_2,
  REPX_LAB_HASH,
  REPX_PLOT,
  REPX_SUM,
  REPX_SUM_2,
  writeRepxLab,
} from "./repx-lab.fixture.ts";
import { compressZstd, packTar } from "./source/tar.fixture.ts";

let scratch: string;
let lab: Lab;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-view-"));
  await writeRepxLab(join(scratch, "lab"));
  lab = await Lab.open(join(scratch, "lab"), { target: "/scratch/repx" });
});

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

const ids = (jobs: readonly Job[]): string[] => jobs.map(({ id }) => id);

describe("a Lab that RepX made", () => {
  test("says what it is", () => {
    expect(lab).toMatchObject({ hash: REPX_LAB_HASH, version: "1.0.0", gitHash: "d34db33f", warnings: [] });
  });

  test("has runs with their dependencies and images, and groups", () => {
    expect(lab.runs().map(({ name, image }) => [name, image])).toEqual([
      ["sim-run", "images/0x1y2z-repx-shared-image.tar"],
      ["plot-run", "images/0x1y2z-repx-shared-image.tar"],
    ]);
    expect([...(lab.runs()[1]?.dependencies ?? [])]).toEqual([["sim-run", "soft"]]);
    expect([...lab.groups()]).toEqual([
      ["all", ["sim-run", "plot-run"]],
      ["compute", ["sim-run"]],
    ]);
  });

  test("has jobs, each after all that it waits for", async () => {
    expect(ids(await lab.jobs())).toEqual([REPX_GEN, REPX_SUM, REPX_GEN_2, REPX_SUM_2, REPX_PLOT]);
  });

  test.each([
    [{ run: "plot-run" }, [REPX_PLOT]],
    [{ run: "@compute", stage: "sum" }, [REPX_SUM, REPX_SUM_2]],
    [{ stage: "gen-1.1" }, [REPX_GEN, REPX_GEN_2]],
    [{ stage: "ge" }, []],
    [{ param: { offset: 2 } }, [REPX_GEN_2, REPX_SUM_2]],
    [{ param: { offset: "2" } }, []],
    [{ param: { mode: "fast" } }, [REPX_SUM, REPX_SUM_2]],
    [{ param: { mode: "fast", offset: 1 } }, [REPX_SUM]],
    [{ param: { toString: 1 } }, []],
  ])("finds jobs by %j", async (filter, found) => {
    expect(ids(await lab.jobs(filter))).toEqual(found);
  });

  test("refuses to filter by a run or a group that is not there", async () => {
    await expect(lab.jobs({ run: "sim" })).rejects.toMatchObject({
      code: "LAB_RUN_UNKNOWN",
      hint: "Known are: sim-run, plot-run, @all, @compute.",
    });
    await expect(lab.jobs({ run: "@sim" })).rejects.toMatchObject({ code: "LAB_RUN_UNKNOWN" });
  });

  test("describes a scatter-gather job", () => {
    const sum = lab.job(REPX_SUM);
    expect(sum).toMatchObject({ stage: "sum", version: "1.1", stageType: "scatter-gather", runs: ["sim-run"] });
    expect(Object.keys(sum.executables)).toEqual(["gather", "scatter", "step-sq"]);
    expect(sum.executables["step-sq"]?.resource_hints).toEqual({ cpus: 1, mem: "512M" });
    expect(sum.inputs).toEqual([{ name: "number_list_file", from: "job", job: lab.job(REPX_GEN), output: "list" }]);
    expect(sum.outputs()).toEqual({ total: `/scratch/repx/outputs/${REPX_SUM}/out/total.txt` });
    expect(sum.outputs("/else/")).toEqual({ total: `/else/outputs/${REPX_SUM}/out/total.txt` });
  });

  test("describes inputs from another run and from the target", () => {
    const plot = lab.job(REPX_PLOT);
    expect(plot.inputs).toEqual([
      { name: "metadata__sim-run", from: "run", run: "sim-run", kind: "soft" },
      { name: "store__base", from: "target" },
    ]);
    expect(plot.dependencies).toEqual([]);
  });

  test("has resources where the stage asks for some", () => {
    expect(lab.job(REPX_GEN).resources).toMatchObject({ cpus: 1, mem: "256M", time: "00:02:00", partition: null });
    expect(lab.job(REPX_GEN_2).resources).toBeUndefined();
  });

  test("traces parameters through dependencies, a job's own before them, and not from other runs", () => {
    expect(lab.job(REPX_SUM_2).params).toEqual({ mode: "fast" });
    expect(lab.job(REPX_SUM_2).effectiveParams).toEqual({ offset: 2, mode: "fast" });
    expect(lab.job(REPX_PLOT).effectiveParams).toEqual({});
  });

  test("finds the same job each time", () => {
    expect(lab.job(REPX_SUM).dependencies[0]).toBe(lab.job(REPX_GEN));
  });

  test("makes plain data of a job for JSON", () => {
    expect(JSON.parse(JSON.stringify(lab.job(REPX_SUM)))).toMatchObject({
      id: REPX_SUM,
      effectiveParams: { offset: 1, mode: "fast" },
      dependencies: [REPX_GEN],
      runs: ["sim-run"],
    });
  });
});

describe("a job's id", () => {
  test("may be cut as long as it is the only one", () => {
    expect(lab.job("0p").id).toBe(REPX_SUM);
    expect(lab.job(REPX_SUM).id).toBe(REPX_SUM);
  });

  test("is ambiguous when several begin so, and the error lists them", () => {
    expect(() => lab.job("15")).toThrow(
      expect.objectContaining({
        code: "LAB_JOB_AMBIGUOUS",
        message: `2 jobs begin with 15: ${REPX_GEN}, ${REPX_GEN_2}`,
        details: { candidates: [REPX_GEN, REPX_GEN_2], count: 2 },
      }),
    );
  });

  test.each(["zz", "", REPX_SUM.slice(1), "__proto__", "a\u001b[31m"])("is unknown: %j", (prefix) => {
    expect(() => lab.job(prefix)).toThrow(
      expect.objectContaining({ code: "LAB_JOB_UNKNOWN", hint: expect.stringContaining("sim-run, plot-run") }),
    );
  });

  test("is not a stage's name, and the hint lists the stage's jobs", () => {
    expect(() => lab.job("gen")).toThrow(
      expect.objectContaining({ code: "LAB_JOB_UNKNOWN", hint: expect.stringContaining(`${REPX_GEN}, ${REPX_GEN_2}`) }),
    );
  });

  test("lists at most ten candidates and how many there are", async () => {
    const files = makeRepxLab();
    const path = "revision/metadata-plot-run.json";
    const jobs = Object.fromEntries(
      Array.from({ length: 25 }, (_, number) => {
        const id = `1w${String(number).padStart(2, "0")}${"0".repeat(28)}-many-1`;
        return [id, { name: "many-1", stage_type: "simple", params: {}, executables: {} }];
      }),
    );
    for (const id of Object.keys(jobs)) files.set(`jobs/${id}/keep`, "");
    files.set(path, { json: { type: "run", name: "plot-run", gitHash: "x", dependencies: {}, jobs } });
    await writeRepxLab(join(scratch, "many"), files);
    const many = await Lab.open(join(scratch, "many"));
    expect(() => many.job("1w")).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^25 jobs begin with 1w: 1w00.*1w09[^ ]+, and 15 more$/),
        details: { candidates: expect.objectContaining({ length: 10 }), count: 25 },
      }),
    );
  });
});

describe("selecting jobs", () => {
  test.each([
    ["sim-run", [REPX_SUM, REPX_SUM_2]],
    ["@all", [REPX_SUM, REPX_SUM_2, REPX_PLOT]],
    ["1id", [REPX_PLOT]],
  ])("takes %s as the jobs that no other one of the run reads from", (spec, found) => {
    expect(ids(lab.select(spec))).toEqual(found);
  });

  test.each([
    ["@none", "LAB_RUN_UNKNOWN"],
    ["none", "LAB_JOB_UNKNOWN"],
    ["15", "LAB_JOB_AMBIGUOUS"],
  ])("refuses %s", (spec, code) => {
    expect(() => lab.select(spec)).toThrow(expect.objectContaining({ code }));
  });

  test("adds what jobs need with success, and leaves out what they only wait for", () => {
    expect(ids(lab.closure([lab.job(REPX_SUM)]))).toEqual([REPX_GEN, REPX_SUM]);
    expect(ids(lab.closure([lab.job(REPX_PLOT)]))).toEqual([REPX_PLOT]);
  });
});

test("a Lab of ours opens, and needed runs belong to a closure", async () => {
  await using written = await writeLab(makeLabFiles("hard"));
  await using ours = await Lab.open(written.folder);
  expect(ids(await ours.jobs({ param: { slope: 1 } }))).toEqual([GENERATE_1]);
  expect(ours.closure(ours.select("analysis"))).toHaveLength(4);
  expect(() => ours.job(SUM).outputs()).toThrow(expect.objectContaining({ code: "INPUT_MISSING" }));
});

test("parameters of dependencies are merged in the order of their ids, however they are wired", async () => {
  const files = makeLabFiles();
  const path = "revision/metadata-simulation.json";
  // The other way round; hex names sort the second generator last.
  files[path] = JSON.stringify(files[path]).replace(/(\{[^{}]*"one"\}),(\{[^{}]*"two"\})/, "$2,$1");
  await using written = await writeLab(files);
  const ours = await Lab.open(written.folder);
  expect(ours.job(SUM).inputs.map(({ name }) => name)).toEqual(["two", "one"]);
  expect(ours.job(SUM).effectiveParams).toEqual({ slope: 2 });
});

test("a Lab of another RepX opens with a warning, also under the older name of the manifest", async () => {
  const files = makeRepxLab();
  const root = { type: "root", gitHash: "x", runs: ["revision/metadata-sim-run.json"], repx_version: "0.4.2" };
  files.set("revision/metadata-top.json", { json: root });
  await writeRepxLab(join(scratch, "old"), files, "1x3f6w9x-lab-metadata.json");
  const old = await Lab.open(join(scratch, "old"));
  expect(old.warnings).toEqual(["The Lab was made by RepX 0.4.2; this reader knows the format of 0.5."]);
  expect(old.groups().size).toBe(0);
});

test("an output that leads out of the job's folder is refused when it is asked for", async () => {
  const files = makeRepxLab();
  const main = { path: `jobs/${REPX_PLOT}/bin/plot`, inputs: [], outputs: { plot: "$out/../../else" } };
  const job = { name: "plot-1.1", stage_type: "simple", params: {}, executables: { main } };
  const run = { type: "run", name: "plot-run", gitHash: "x", dependencies: {}, jobs: { [REPX_PLOT]: job } };
  files.set("revision/metadata-plot-run.json", { json: run });
  await writeRepxLab(join(scratch, "escape"), files);
  const escape = await Lab.open(join(scratch, "escape"), { target: "/base" });
  expect(() => escape.job(REPX_PLOT).outputs()).toThrow(expect.objectContaining({ code: "LAB_INVALID" }));
});

describe.each([
  ["a tar", async (path: string) => path],
  ["a compressed tar", async (path: string) => compressZstd(path)],
])("%s answers as the folder does", (_, finish) => {
  let packed: Lab;
  beforeAll(async () => {
    await packTar(join(scratch, "lab"), join(scratch, "parity.tar"));
    packed = await Lab.open(await finish(join(scratch, "parity.tar")), { target: "/scratch/repx" });
  });

  test("about runs and groups", () => {
    expect(packed.runs()).toEqual(lab.runs());
    expect(packed.groups()).toEqual(lab.groups());
    expect(packed.data).toEqual(lab.data);
  });

  test("about jobs", async () => {
    expect(JSON.stringify(await packed.jobs())).toBe(JSON.stringify(await lab.jobs()));
    expect((await packed.jobs()).map((job) => job.outputs())).toEqual((await lab.jobs()).map((job) => job.outputs()));
  });

  test("about dependencies", async () => {
    const trees = await Promise.all(
      [packed, lab].map(async (one) =>
        (await one.jobs()).map((job) => [ids(job.dependencies), ids(one.closure([job]))]),
      ),
    );
    expect(trees[0]).toEqual(trees[1]);
  });

  test("about effective parameters", async () => {
    const traced = await Promise.all(
      [packed, lab].map(async (one) => (await one.jobs()).map((job) => [job.id, job.effectiveParams])),
    );
    expect(traced[0]).toEqual(traced[1]);
  });
});
