import { afterAll, beforeAll, expect, test } from "vitest";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";

let builder: LabBuilder;
beforeAll(async () => {
  builder = await startLabBuilder();
});
afterAll(async () => builder[Symbol.asyncDispose]());

const withPipeline = (stages: string) => `ids (run "r" { pipelines = [ (pipe (call: ${stages})) ]; })`;
const two = (consumer: string, dependency: string) =>
  withPipeline(
    `rec { p = call (stage "p" { outputs = { x = "$out/x"; y = "$out/y"; }; }) [ ]; c = call (stage "c" { ${consumer} }) [ ${dependency} ]; }`,
  );

test.each([
  {
    title: "a key that a run does not know",
    expression: `ids (run "r" { paramters = { }; })`,
    error: "error[LAB_KEY_UNKNOWN]: at run r: unknown key paramters",
    hint: "known keys: pkgs, name, pipelines, parameters, dependencies",
  },
  {
    title: "a key that a stage does not know",
    expression: withPipeline(`{ a = call (stage "a" { output = { }; }) [ ]; }`),
    error: "error[LAB_KEY_UNKNOWN]: at stage: unknown key output",
    hint: "known keys: pname, run, version, parameters, inputs, outputs, runDependencies, resources, passthru",
  },
  {
    title: "a stage without a script",
    expression: withPipeline(`{ a = call { pname = "a"; } [ ]; }`),
    error: "error[LAB_KEY_MISSING]: at stage: missing key run",
    hint: "required keys: pname, run",
  },
  {
    title: "a name that is no file name",
    expression: `(run "../r" { }).name`,
    error: `error[LAB_NAME_INVALID]: at mkRun.name: invalid name "../r"`,
    hint: "use letters, digits and _ . + -",
  },
  {
    title: "an input that no dependency supplies",
    expression: two(`inputs = { x = ""; z = ""; };`, "p"),
    error: "error[LAB_INPUT_UNMATCHED]: at stage c: nothing supplies the input z",
    hint: "its dependencies offer: p.x, p.y",
  },
  {
    title: "a dependency that shares no name",
    expression: two(`inputs.z = "";`, "p"),
    error: "error[LAB_INPUT_UNMATCHED]: at stage c: no output of p has the name of an input",
    hint: "outputs of p: x, y; inputs of c: z",
  },
  {
    title: "an output that the producer does not have",
    expression: two(`inputs.z = "";`, `[ p "q" "z" ]`),
    error: "error[LAB_OUTPUT_UNKNOWN]: at stage c: p has no output q",
    hint: "outputs of p: x, y",
  },
  {
    title: "an input that the consumer does not have",
    expression: two(`inputs.z = "";`, `[ p "x" "w" ]`),
    error: "error[LAB_INPUT_UNKNOWN]: at stage c: c has no input w",
    hint: "inputs of c: z",
  },
  {
    title: "an input that two dependencies supply",
    expression: two(`inputs.x = "";`, `p [ p "y" "x" ]`),
    error: "error[LAB_INPUT_AMBIGUOUS]: at stage c: more than one dependency supplies the input x",
    hint: "on offer: p.x, p.y, p.x, p.y",
  },
  {
    title: "a dependency of the wrong form",
    expression: two(`inputs.x = "";`, `[ p "x" "x" "x" ]`),
    error: "error[LAB_DEPENDENCY_INVALID]: at stage c: not a dependency: a list of 4",
    hint: `write producer, [ producer "output" ] or [ producer "output" "input" ]`,
  },
  {
    title: "stages in a cycle",
    expression: withPipeline(
      `let s = name: stage name { inputs.x = ""; outputs.x = "$out/x"; }; in rec { a = call (s "a") [ b ]; b = call (s "b") [ c ]; c = call (s "c") [ a ]; }`,
    ),
    error:
      "error[LAB_CYCLE]: at run r, pipeline: stages depend on each other in a cycle: a needs b, b needs c, c needs a",
    hint: "remove one of these dependencies",
  },
  {
    title: "runs in a cycle",
    expression: `(repx.runs2Lab (let a = run "a" { dependencies = [ b ]; }; b = run "b" { dependencies = [ a ]; }; in [ a b ])).drvPath`,
    error: "error[LAB_CYCLE]: at runs2Lab.runs: runs depend on each other in a cycle: a needs b, b needs a",
    hint: "remove one of these dependencies",
  },
  {
    title: "two runs of one name",
    expression: `(repx.runs2Lab [ (run "a" { }) (run "b" { }) (run "a" { }) ]).drvPath`,
    error: "error[LAB_RUN_DUPLICATE]: at runs2Lab.runs: more than one run is named a",
    hint: "names given: a, b, a",
  },
  {
    title: "a run whose dependency is not in the Lab",
    expression: `(repx.runs2Lab [ (run "a" { dependencies = [ (run "b" { }) ]; }) ]).drvPath`,
    error: "error[LAB_RUN_MISSING]: at runs2Lab.runs: a run depends on one that is not in the Lab: b (needed by a)",
    hint: "runs in the Lab: a",
  },
  {
    title: "a kind of dependency that does not exist",
    expression: `ids (run "a" { dependencies = [ [ (run "b" { }) "weak" ] ]; })`,
    error: `error[LAB_DEPENDENCY_INVALID]: at run a.dependencies: unknown kind of dependency "weak"`,
    hint: "kinds: hard, soft",
  },
  {
    title: "a first stage that does not take what its run depends on",
    expression: `ids (run "a" { dependencies = [ (run "b" { }) ]; })`,
    error:
      "error[LAB_INPUT_UNDECLARED]: at stage a: it is a first stage of a run with dependencies and must declare metadata__b, store__base",
    hint: `add inputs = { metadata__b = ""; store__base = ""; }`,
  },
  {
    title: "an axis without values",
    expression: `ids (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ ]; })`,
    error: "error[LAB_AXIS_EMPTY]: at run r.parameters.x: the axis has no values",
    hint: "x = [ null ] uses the default of the stage",
  },
  {
    title: "an axis that is no list",
    expression: `ids (run "r" { pipelines = [ (chain { }) ]; parameters.x = 3; })`,
    error: "error[LAB_AXIS_INVALID]: at run r.parameters.x: an axis is a list, found int",
    hint: "write x = [ ... ]",
  },
  {
    title: "a value that is not scalar",
    expression: `ids (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ { y = 1; } ]; })`,
    error: "error[LAB_VALUE_NOT_SCALAR]: at run r.parameters.x[0]: a parameter cannot be a set",
    hint: "pass structured data as builtins.toJSON text",
  },
  {
    title: "a number that Nix would round",
    expression: `ids (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ (0.1 + 0.2) ]; })`,
    error: "error[LAB_FLOAT_INEXACT]: at run r.parameters.x: this Nix would round the number to 0.3",
    hint: "write it as a string",
  },
  {
    title: "a parameter that no stage declares",
    expression: `ids (run "r" { pipelines = [ (chain { }) ]; parameters.xx = [ 1 ]; })`,
    error: "error[LAB_PARAMETER_UNDECLARED]: at run r.parameters: no stage declares the parameter xx",
    hint: "the stages of this run declare: x",
  },
  {
    title: "resources of the wrong type",
    expression: withPipeline(`{ a = call (stage "a" { resources.mem = 2; }) [ ]; }`),
    error: "error[LAB_RESOURCES_INVALID]: at stage a.resources.mem: 2 does not fit",
    hint: `for instance mem = "2G";`,
  },
  {
    title: "a group with the name of a run",
    expression: `(repx.runs2Lab { runs = [ (run "a" { }) ]; groups.a = [ ]; }).drvPath`,
    error: "error[LAB_GROUP_INVALID]: at runs2Lab.groups.a: a run has this name already",
    hint: "choose a name other than: a",
  },
  {
    title: "a Lab of something else than runs",
    expression: `(repx.runs2Lab [ { name = "a"; } ]).drvPath`,
    error: "error[LAB_TYPE_WRONG]: at runs2Lab.runs: expected a list of runs",
    hint: "write runs2Lab [ simulation analysis ]",
  },
])("$title is refused with what would have been right", async ({ expression, error, hint }) => {
  const message = await builder.evaluateError(expression);
  expect(message).toContain(error);
  expect(message.slice(message.indexOf("hint: "))).toContain(hint);
});
