import { expect, test } from "vitest";
import { chooseHints, chooseStepHints } from "./job-hints.ts";
import { LabJob } from "./lab.ts";

const makeJob = (own: unknown, parts: Readonly<Record<string, unknown>>, kind = "scatter-gather") =>
  LabJob.parse({
    name: "sum-1.1",
    stage_type: kind,
    params: {},
    resource_hints: own,
    executables: Object.fromEntries(
      Object.entries(parts).map(([name, hints]) => [
        name,
        { path: "jobs/x/bin/y", inputs: [], outputs: {}, resource_hints: hints },
      ]),
    ),
  });

test("what the stage asks for is what its job gets", () => {
  expect(chooseHints(makeJob({ mem: "1G" }, { scatter: { mem: "2G" } }))).toEqual({ mem: "1G" });
  expect(chooseHints(makeJob({ cpus: 2 }, { main: null }, "simple"))).toEqual({ cpus: 2 });
});

test("of the parts of a scatter-gather job the largest counts, as they run one after another", () => {
  const parts = {
    scatter: { mem: "900M", cpus: 1, sbatch_opts: ["--exclusive"] },
    "step-a": { mem: "2G", cpus: 4, partition: "large", sbatch_opts: ["--exclusive"] },
    gather: { mem: "2000000K", partition: "small" },
  };
  expect(chooseHints(makeJob(null, parts))).toEqual({
    mem: "2G",
    cpus: 4,
    partition: "large",
    sbatch_opts: ["--exclusive"],
  });
});

test("parts that ask for nothing leave the scheduler its defaults", () => {
  expect(chooseHints(makeJob(null, { scatter: null, gather: {} }))).toEqual({ sbatch_opts: [] });
});

test("a work item's task gets the largest that a step asks for, whatever scatter and gather ask for", () => {
  const parts = {
    scatter: { mem: "9G" },
    "step-a": { mem: "1G", cpus: 2 },
    "step-b": { mem: "2G" },
    gather: { cpus: 8 },
  };
  expect(chooseStepHints(makeJob({ mem: "5G" }, parts))).toMatchObject({ mem: "2G", cpus: 2 });
  expect(chooseStepHints(makeJob({ mem: "5G" }, { scatter: { mem: "9G" }, "step-a": null }))).toEqual({
    sbatch_opts: [],
  });
});
