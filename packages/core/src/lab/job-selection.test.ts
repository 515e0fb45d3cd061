import { expect, test } from "vitest";
import type { JobId } from "../model/ids.ts";
import { narrowSelection, selectWanted, type JobSelection, type JobWish } from "./job-selection.ts";
import { GENERATE_1, GENERATE_2, makeLabFiles, PLOT, SUM, writeLab } from "./lab.fixture.ts";
import { openLab } from "./metadata/open-lab.ts";

async function select(wish: Partial<JobWish>, kind: "hard" | "soft" = "hard"): Promise<JobSelection> {
  await using written = await writeLab(makeLabFiles(kind));
  const { lab, order } = await openLab(written.folder);
  return selectWanted(lab, order, { names: [], parameters: [], ...wish });
}

const NAMES = new Map([
  [GENERATE_1, "g1"],
  [GENERATE_2, "g2"],
  [SUM, "sum"],
  [PLOT, "plot"],
]);
const name = (id: JobId): string => NAMES.get(id) ?? id;
const tell = ({ runs, asked, order }: JobSelection): unknown => ({
  runs: Object.fromEntries(runs.map((run) => [run.name, run.jobs.map(name)])),
  asked: [...asked].map(name).toSorted(),
  order: order.map(name),
});
const SIMULATION = { simulation: ["sum", "g1", "g2"] };

test("a run brings the runs that it needs, whole, which were not asked for", async () => {
  expect(tell(await select({ names: ["analysis"] }))).toEqual({
    runs: { ...SIMULATION, analysis: ["plot"] },
    asked: ["plot"],
    order: ["g1", "g2", "sum", "plot"],
  });
});

test("a job brings those that it needs, and no other", async () => {
  expect(tell(await select({ names: [SUM.slice(0, 6)] }))).toEqual({
    runs: SIMULATION,
    asked: ["sum"],
    order: ["g1", "g2", "sum"],
  });
  expect(tell(await select({ names: [GENERATE_2] }))).toEqual({
    runs: { simulation: ["g2"] },
    asked: ["g2"],
    order: ["g2"],
  });
});

test("a job that only waits for the end of a run brings none of it", async () => {
  expect(tell(await select({ names: [PLOT] }, "soft"))).toMatchObject({
    runs: { analysis: ["plot"] },
    order: ["plot"],
  });
});

test("the beginning of one run's name is that run", async () => {
  expect((await select({ names: ["sim"] })).order.map(name)).toEqual(["g1", "g2", "sum"]);
});

test("the beginning of two jobs' ids starts neither", async () => {
  await expect(select({ names: ["1"] })).rejects.toMatchObject({
    code: "LAB_JOB_AMBIGUOUS",
    message: expect.stringContaining(`3 jobs begin with 1: ${GENERATE_1}`),
  });
});

test.each(["simulaton", "@none", "", "@"])("refuses %j and lists what there is", async (word) => {
  await expect(select({ names: [word] })).rejects.toMatchObject({
    code: "LAB_RUN_UNKNOWN",
    hint: expect.stringContaining("The Lab has simulation, analysis, @all."),
  });
});

test("parameters leave the jobs that have them, inherited ones too, and what those need", async () => {
  const selection = await select({ parameters: [{ name: "slope", value: "1" }] });
  expect(tell(selection)).toEqual({ runs: { simulation: ["g1"] }, asked: ["g1"], order: ["g1"] });
  // The sum inherits the slope of its last input alone.
  const last = await select({ names: ["simulation"], parameters: [{ name: "slope", value: "2" }] });
  expect(tell(last)).toMatchObject({ asked: ["g2", "sum"], order: ["g1", "g2", "sum"] });
});

test("parameters that no selected job has are refused with those that there are", async () => {
  await expect(select({ parameters: [{ name: "slope", value: "9" }] })).rejects.toMatchObject({
    code: "PLAN_EMPTY",
    message: "none of the 4 selected jobs has slope=9",
    hint: expect.stringContaining("Parameters are: slope."),
  });
});

test("a narrowed selection has no run without jobs and no wire of a job that it left out", async () => {
  const selection = await select({});
  const kept = new Set(selection.order.filter((id) => id === PLOT));
  expect(tell(narrowSelection(selection, kept))).toEqual({
    runs: { analysis: ["plot"] },
    asked: ["plot"],
    order: ["plot"],
  });
  expect([...narrowSelection(selection, kept).dependencies.keys()]).toEqual([PLOT]);
});
