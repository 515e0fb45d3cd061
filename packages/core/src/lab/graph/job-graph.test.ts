import { expect, test } from "vitest";
import { JobId, RunName } from "../../model/ids.ts";
import { InputMapping, LabJob, type Lab } from "../../model/lab.ts";
import { GENERATE_1, GENERATE_2, makeLabFiles, makeMapping, PLOT, SUM, writeLab } from "../lab.fixture.ts";
import { openLab } from "../metadata/open-lab.ts";
import { dependenciesOf, orderJobs, type JobDependencies } from "./job-graph.ts";

const RUNS = [RunName.parse("simulation"), RunName.parse("analysis")];

async function readLab(kind: "hard" | "soft" = "hard"): Promise<Lab> {
  await using written = await writeLab(makeLabFiles(kind));
  return (await openLab(written.folder)).lab;
}

function makeJobId(number: number): JobId {
  return JobId.parse(`${String(number).padStart(32, "0")}-stage-1.1`);
}

test("a graph is ordered even when a chain is very long", () => {
  const ids = Array.from({ length: 50_000 }, (_, index) => makeJobId(index));
  const chain: JobDependencies = new Map(
    ids.map((id, index) => [id, ids.slice(index + 1, index + 2).map((next) => ({ id: next, kind: "hard" as const }))]),
  );
  expect(orderJobs(chain)).toEqual(ids.toReversed());
});

test("a graph is refused with its cycle named", () => {
  const [one, two] = [makeJobId(1), makeJobId(2)];
  const cycle: JobDependencies = new Map([
    [one, [{ id: two, kind: "hard" }]],
    [two, [{ id: one, kind: "soft" }]],
  ]);
  expect(() => orderJobs(cycle)).toThrow(expect.objectContaining({ code: "LAB_INVALID" }));
  expect(() => orderJobs(new Map([[one, [{ id: one, kind: "hard" }]]]))).toThrow(`${one} -> ${one}`);
});

test("a graph has hard edges for wires inside a run, and the run's kind for wires between runs", async () => {
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

test("a graph has a hard edge where a job has a hard and a soft wire from the same job", async () => {
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

test("a graph has as keys the jobs of the selected runs alone", async () => {
  const lab = await readLab("soft");
  expect([...dependenciesOf(lab, [RunName.parse("analysis")]).keys()]).toEqual([PLOT]);
});

test("a graph is ordered so that every job comes after what it waits for", async () => {
  const dependencies = dependenciesOf(await readLab(), RUNS.toReversed());
  const order = orderJobs(dependencies);
  expect(order).toHaveLength(4);
  for (const [id, upstream] of dependencies) {
    for (const one of upstream) expect(order.indexOf(one.id)).toBeLessThan(order.indexOf(id));
  }
});
