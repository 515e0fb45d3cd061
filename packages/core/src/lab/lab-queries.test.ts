// Questions asked of an open Lab: which runs, which inputs, which order.
import { describe, expect, test } from "vitest";
import { JobId, RunName } from "../model/ids.ts";
import { dependenciesOf, orderJobs } from "../model/job-graph.ts";
import { InputMapping, LabJob, type Lab } from "../model/lab.ts";
import { renderInputs } from "./job-inputs.ts";
import { GENERATE_1, GENERATE_2, LAB_HASH, PLOT, SUM, makeLabFiles, makeMapping, writeLab } from "./lab.fixture.ts";
import { openLab } from "./open-lab.ts";
import { selectRuns } from "./select-runs.ts";

async function readLab(kind: "hard" | "soft" = "hard"): Promise<Lab> {
  await using written = await writeLab(makeLabFiles(kind));
  return (await openLab(written.folder)).lab;
}

const RUNS = [RunName.parse("simulation"), RunName.parse("analysis")];

describe("selecting runs", () => {
  test.each([
    [[], ["simulation", "analysis"]],
    [["@all"], ["simulation", "analysis"]],
    [["simulation"], ["simulation"]],
    [["analysis"], ["simulation", "analysis"]],
    [
      ["analysis", "simulation", "analysis"],
      ["simulation", "analysis"],
    ],
  ])("takes %j as %j, with the runs that are needed", async (names, runs) => {
    expect(selectRuns(await readLab(), names)).toEqual(runs);
  });

  test("does not add a run that is only waited for", async () => {
    expect(selectRuns(await readLab("soft"), ["analysis"])).toEqual(["analysis"]);
  });

  test.each(["simulaton", "@none", "", "@"])("refuses %j and lists what there is", async (name) => {
    const lab = await readLab();
    expect(() => selectRuns(lab, [name])).toThrow(
      expect.objectContaining({ code: "LAB_RUN_UNKNOWN", hint: "Known are: simulation, analysis, @all." }),
    );
  });
});

describe("inputs.json", () => {
  test("names the outputs of upstream jobs on the target", async () => {
    expect(renderInputs(await readLab(), JobId.parse(SUM), "/base/$out")).toEqual({
      one: `/base/$out/outputs/${GENERATE_1}/out/data.csv`,
      two: `/base/$out/outputs/${GENERATE_2}/out/data.csv`,
    });
  });

  test("names the other run's metadata and the base path", async () => {
    expect(renderInputs(await readLab(), JobId.parse(PLOT), "/base")).toEqual({
      metadata__simulation: `/base/artifacts/labs/${LAB_HASH}/revision/metadata-simulation.json`,
      store__base: "/base",
    });
  });

  test("is empty for a job without inputs, and refused for one whose input has no path", async () => {
    const lab = await readLab();
    expect(renderInputs(lab, JobId.parse(GENERATE_1), "/base")).toEqual({});
    const jobs = new Map(lab.jobs);
    const generate = jobs.get(JobId.parse(GENERATE_1));
    if (generate !== undefined) jobs.set(JobId.parse(GENERATE_1), { ...generate, executables: {} });
    expect(() => renderInputs({ ...lab, jobs }, JobId.parse(SUM), "/base")).toThrow("declares no such path");
  });
});

describe("the job graph", () => {
  test("has hard edges for wires inside a run, and the run's kind for wires between runs", async () => {
    const soft = dependenciesOf(await readLab("soft"), RUNS);
    expect(soft.get(JobId.parse(SUM))).toEqual([
      { id: GENERATE_1, kind: "hard" },
      { id: GENERATE_2, kind: "hard" },
    ]);
    expect(soft.get(JobId.parse(PLOT))).toHaveLength(3);
    expect(soft.get(JobId.parse(PLOT))?.every(({ kind }) => kind === "soft")).toBe(true);
    const dependencies = dependenciesOf(await readLab("hard"), RUNS);
    expect(dependencies.get(JobId.parse(PLOT))?.every(({ kind }) => kind === "hard")).toBe(true);
  });

  test("has a hard edge where a job has a hard and a soft wire from the same job", async () => {
    const lab = await readLab("soft");
    const wires = [
      makeMapping({
        type: "inter-run",
        source_run: "simulation",
        dependency_type: "soft",
        target_input: "metadata__simulation",
      }),
      makeMapping({ type: "intra-pipeline", job_id: SUM, source_output: "total", target_input: "total" }),
    ].map((wire) => InputMapping.parse(wire));
    for (const inputs of [wires, wires.toReversed()]) {
      const plot = { ...lab.jobs.get(JobId.parse(PLOT)), executables: { main: { path: "x", inputs, outputs: {} } } };
      const jobs = new Map([...lab.jobs, [JobId.parse(PLOT), LabJob.parse(plot)]]);
      const upstream = dependenciesOf({ ...lab, jobs }, RUNS).get(JobId.parse(PLOT));
      expect(upstream?.find(({ id }) => String(id) === SUM)?.kind).toBe("hard");
      expect(upstream?.find(({ id }) => String(id) === GENERATE_1)?.kind).toBe("soft");
    }
  });

  test("has as keys the jobs of the selected runs alone", async () => {
    const lab = await readLab("soft");
    expect([...dependenciesOf(lab, [RunName.parse("analysis")]).keys()]).toEqual([PLOT]);
  });

  test("is ordered so that every job comes after what it waits for", async () => {
    const dependencies = dependenciesOf(await readLab(), RUNS.toReversed());
    const order = orderJobs(dependencies);
    expect(order).toHaveLength(4);
    for (const [id, upstream] of dependencies) {
      for (const one of upstream) expect(order.indexOf(one.id)).toBeLessThan(order.indexOf(id));
    }
  });
});
