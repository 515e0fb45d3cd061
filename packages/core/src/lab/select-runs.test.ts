import { expect, test } from "vitest";
import type { Lab } from "../model/lab.ts";
import { makeLabFiles, writeLab } from "./lab.fixture.ts";
import { openLab } from "./metadata/open-lab.ts";
import { selectRuns } from "./select-runs.ts";

async function readLab(kind: "hard" | "soft" = "hard"): Promise<Lab> {
  await using written = await writeLab(makeLabFiles(kind));
  return (await openLab(written.folder)).lab;
}

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
