import { expect, test } from "vitest";
import { JobId, LabHash } from "../../model/ids.ts";
import { LabJob, LabManifest, type Lab } from "../../model/lab.ts";
import { BRANCH, layOutScatterGather } from "./scatter-gather.ts";

const ID = JobId.parse("0pkal2l773h3xad28nj3y9nglpg1znxk-sum-1.1");
const FOLDER = `/scratch/ada/outputs/${ID}`;
const BRANCH_FOLDER = `${FOLDER}/branch-${BRANCH}`;

const item = { source: "scatter:work_item", target_input: "worker__item" };
const from = (step: string, target: string) => ({
  source: `step:${step}`,
  source_output: "number",
  target_input: target,
});
const step = (name: string, inputs: readonly unknown[], deps: readonly string[]) => ({
  path: `jobs/${ID}/bin/sum-step-${name}`,
  inputs,
  outputs: { number: "$out/n.txt" },
  deps,
});

const executables = {
  gather: {
    path: `jobs/${ID}/bin/sum-gather`,
    inputs: [
      { source: "runner:worker_outputs", source_key: "number", target_input: "worker__outs" },
      { source: "scatter:output", source_output: "header", target_input: "header" },
      { job_id: "self", source_output: "header", target_input: "legend" },
    ],
    outputs: { total: "$out/total.txt" },
  },
  scatter: {
    path: `jobs/${ID}/bin/sum-scatter`,
    inputs: [],
    outputs: { work__items: "$out/work_items.json", worker__arg: { startIndex: 0 }, header: "$out/header.txt" },
  },
  "step-combine": step("combine", [from("square", "a"), from("double", "b")], ["square", "double"]),
  "step-double": step("double", [from("extract", "x")], ["extract"]),
  "step-square": step("square", [from("extract", "x")], ["extract"]),
  "step-extract": step("extract", [item, { target_input: "numbers" }], []),
};

function layOut(change: Readonly<Record<string, unknown>> = {}) {
  const job = LabJob.parse({
    name: "sum-1.1",
    stage_type: "scatter-gather",
    params: {},
    executables: Object.fromEntries(
      Object.entries({ ...executables, ...change }).filter(([, value]) => value !== undefined),
    ),
  });
  const hash = LabHash.parse("0c3f6w9x2k1v8b7n");
  const manifest = LabManifest.parse({ labId: hash, lab_version: "1", metadata: "revision/top.json", files: [] });
  const lab: Lab = {
    hash,
    gitHash: "",
    manifest,
    runs: new Map(),
    groups: new Map(),
    jobs: new Map([[ID, job]]),
    storePaths: [],
  };
  return layOutScatterGather(lab, ID, "/scratch/ada", { numbers: "/scratch/ada/outputs/gen/out/numbers.txt" });
}

test("steps come after those that they need, otherwise by name", () => {
  expect(layOut().steps.map(({ name, needs }) => [name, needs])).toEqual([
    ["extract", []],
    ["double", ["extract"]],
    ["square", ["extract"]],
    ["combine", ["square", "double"]],
  ]);
});

test("a step reads its work item, the outputs of other steps of its branch, and inputs of the whole job", () => {
  const [extract, double] = layOut().steps;
  expect(extract?.inputs).toEqual({
    worker__item: `${BRANCH_FOLDER}/repx/work_item.json`,
    numbers: "/scratch/ada/outputs/gen/out/numbers.txt",
  });
  expect(double?.inputs).toEqual({ x: `${BRANCH_FOLDER}/step-extract/out/n.txt` });
});

test("a branch hands the outputs of its last step to the gather", () => {
  expect(layOut().branchOutputs).toEqual({ number: `${BRANCH_FOLDER}/step-combine/out/n.txt` });
});

test("the gather reads the list of what the branches made, and outputs of the scatter", () => {
  expect(layOut().gatherInputs).toEqual({
    worker__outs: `${FOLDER}/repx/worker_outs_manifest.json`,
    header: `${FOLDER}/scatter/out/header.txt`,
    legend: `${FOLDER}/scatter/out/header.txt`,
  });
});

test.each([
  ["without a scatter", { scatter: undefined }, "it has no scatter or no gather"],
  ["with two last steps", { "step-more": step("more", [], []) }, "exactly one step must be the last"],
  ["with a name of a step that leads elsewhere", { "step-../x": step("x", [], []) }, '"../x" is no name of a step'],
  ["with an unknown step", { "step-double": step("double", [], ["nowhere"]) }, "there is no step nowhere"],
  ["with steps that need each other", { "step-extract": step("extract", [], ["combine"]) }, "need each other"],
  ["with an input that nothing supplies", { "step-square": step("square", [{ target_input: "y" }], ["extract"]) }, "y"],
  [
    "with an output that climbs out of its folder",
    { "step-extract": { ...step("extract", [item], []), outputs: { number: "$out/../../../secret" } } },
    "outside of its folder: $out/../../../secret",
  ],
  [
    "with an output elsewhere",
    { "step-combine": { ...step("combine", [], ["square", "double"]), outputs: { number: "/etc/passwd" } } },
    "outside of its folder: /etc/passwd",
  ],
  ["with an output that is no path", { "step-extract": { ...step("extract", [], []), outputs: {} } }, "output number"],
])("a scatter-gather job %s is refused", (_, change, message) => {
  expect(() => layOut(change)).toThrow(expect.objectContaining({ code: "LAB_INVALID" }));
  expect(() => layOut(change)).toThrow(message);
});

test("a chain of 20,000 steps is laid out", () => {
  const last = 20_000;
  const chain = Array.from({ length: last }, (_, number) => {
    const name = String(last - number);
    return [`step-${name}`, step(name, [], number === 0 ? [] : [String(last - number + 1)])];
  });
  const none = {
    "step-combine": undefined,
    "step-double": undefined,
    "step-square": undefined,
    "step-extract": undefined,
  };
  expect(layOut({ ...none, ...Object.fromEntries(chain) }).steps.at(-1)?.name).toBe("1");
});
