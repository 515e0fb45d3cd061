import { expect, test } from "vitest";
import { JobId } from "../../model/ids.ts";
import { LabJob, type Lab } from "../../model/lab.ts";
import { GENERATE_1, GENERATE_2, LAB_HASH, makeLabFiles, PLOT, SUM, writeLab } from "../lab.fixture.ts";
import { openLab } from "../metadata/open-lab.ts";
import { renderInputs } from "./render-inputs.ts";

async function readLab(): Promise<Lab> {
  await using written = await writeLab(makeLabFiles());
  return (await openLab(written.folder)).lab;
}

test("inputs.json names the outputs of upstream jobs on the target", async () => {
  expect(renderInputs(await readLab(), JobId.parse(SUM), "/base/$out")).toEqual({
    one: `/base/$out/outputs/${GENERATE_1}/out/data.csv`,
    two: `/base/$out/outputs/${GENERATE_2}/out/data.csv`,
  });
});

test("inputs.json names the other run's metadata and the base path", async () => {
  expect(renderInputs(await readLab(), JobId.parse(PLOT), "/base")).toEqual({
    metadata__simulation: `/base/artifacts/labs/${LAB_HASH}/revision/metadata-simulation.json`,
    store__base: "/base",
  });
});

test("inputs.json is empty for a job without inputs, and refused for one whose input has no path", async () => {
  const lab = await readLab();
  expect(renderInputs(lab, JobId.parse(GENERATE_1), "/base")).toEqual({});
  const jobs = new Map(lab.jobs);
  const generate = jobs.get(JobId.parse(GENERATE_1));
  if (generate !== undefined) jobs.set(JobId.parse(GENERATE_1), { ...generate, executables: {} });
  expect(() => renderInputs({ ...lab, jobs }, JobId.parse(SUM), "/base")).toThrow("declares no such path");
});

test.each(["$out/../../x", "/etc/passwd", "../x", "$out/a//b"])(
  "inputs.json is refused for an output outside of its job's folder: %s",
  async (template) => {
    const lab = await readLab();
    const id = JobId.parse(GENERATE_1);
    const main = { path: `jobs/${id}/bin/generate`, inputs: [], outputs: { data: template } };
    const job = LabJob.parse({ name: "generate-1.1", stage_type: "simple", params: {}, executables: { main } });
    const render = (): unknown =>
      renderInputs({ ...lab, jobs: new Map([...lab.jobs, [id, job]]) }, JobId.parse(SUM), "/b");
    expect(render).toThrow(expect.objectContaining({ code: "LAB_INVALID" }));
    expect(render).toThrow(`outside of its folder: ${template}`);
  },
);
