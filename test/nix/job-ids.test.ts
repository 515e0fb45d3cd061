import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";

const pairSchema = z.tuple([z.array(z.string()), z.array(z.string())]);

let builder: LabBuilder;
beforeAll(async () => {
  builder = await startLabBuilder();
});
afterAll(async () => builder[Symbol.asyncDispose]());

const producer = "1pv5pb8dkks23xsjfs7avg5q77gzhgrc-simple-producer-1.1";
const summer = "1ma7lmd2fyz18kmvv9hcw223d0ijq42c-simple-summer-1.1";

function script(letter: string, pname: string): string {
  return `identities = [ "/nix/store/${letter.repeat(32)}-${pname}-script-1.1" ]; pname = "${pname}"; version = "1.1";`;
}

describe("RepX 0.5's golden vectors", () => {
  test.each([
    ["two parts", `internal "hashJob" [ "hello" "world" ]`, "1qhx4gk111hxpsrnhqph6y5pr87mvavh"],
    ["one part", `internal "hashJob" [ "hello" ]`, "094qif9n4cq4fdg459qzbhg1c6wywaww"],
    [
      "the base32 of nothing's hash",
      `internal "encodeBase32" { length = 52; } (builtins.hashString "sha256" "")`,
      "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
    ],
    [
      "a first stage",
      `internal "mkJobId" { ${script("a", "simple-producer")} paramsJson = "{}"; upstream = [ ]; mappings = [ ]; }`,
      producer,
    ],
    [
      "a stage with one upstream job",
      `internal "mkJobId" { ${script("b", "simple-summer")} paramsJson = "{}"; upstream = [ "${producer}" ]; mappings = [
        (internal "mkMapping" { type = "intra-pipeline"; job_id_template = "simple-producer"; source_output = "data.csv"; target_input = "input_csv"; })
      ]; }`,
      summer,
    ],
    [
      "a stage of a run that depends on another",
      `internal "mkJobId" { ${script("d", "simple-plotter")} paramsJson = "{}"; upstream = [ "${producer}" "${summer}" ]; mappings = [
        (internal "mkMapping" { type = "inter-run"; source_run = "simulation-run"; dependency_type = "soft"; target_input = "metadata__simulation-run"; })
        (internal "mkMapping" { type = "global"; source_value = "store_base"; target_input = "store__base"; })
      ]; }`,
      "1dyy4aga7cg71kdhylim865s2b1a6bas-simple-plotter-1.1",
    ],
    [
      "an integer parameter",
      `internal "mkJobId" { ${script("c", "generator")} paramsJson = internal "renderParameters" { slope = 1; }; upstream = [ ]; mappings = [ ]; }`,
      "1rp13yid26831ad1z0w1r3mqrzb3877l-generator-1.1",
    ],
    [
      "an identity by name and version",
      `internal "mkJobId" { identities = [ "generator-1.1" ]; pname = "generator"; version = "1.1"; paramsJson = internal "renderParameters" { slope = 2; }; upstream = [ ]; mappings = [ ]; }`,
      "0mkywqkm01ssrv6xsx62ckd6w5i62a9m-generator-1.1",
    ],
  ])("%s", async (_title, expression, id) => {
    expect(await builder.evaluate(expression, z.string())).toBe(id);
  });
});

test("the names of a pipeline's attributes and the order of dependencies' definitions do not enter ids", async () => {
  const [one, other] = await builder.evaluate(
    `map ids [
    (run "r" { pipelines = [ (pipe (call: rec { a = call (stage "first" { outputs.x = "$out/x"; }) [ ]; b = call (stage "second" { inputs.x = ""; }) [ a ]; })) ]; })
    (run "r" { pipelines = [ (pipe (call: rec { b = call (stage "first" { outputs.x = "$out/x"; }) [ ]; a = call (stage "second" { inputs.x = ""; }) [ b ]; })) ]; })
  ]`,
    pairSchema,
  );
  expect(one).toHaveLength(2);
  expect(other).toEqual(one);
});

test("an upstream parameter changes the ids downstream, also where the consumer's attribute sorts first", async () => {
  const seconds = await builder.evaluate(
    `idsOf "second" (run "r" { pipelines = [ (chain { }) ]; parameters.x = [ 1 2 3 ]; })`,
    z.array(z.string()),
  );
  expect(new Set(seconds).size).toBe(3);
});

test("an upstream script changes the ids downstream and leaves those beside it", async () => {
  const change = `pipe (call: { beside = call (stage "beside" { }) [ ]; })`;
  const [before, after] = await builder.evaluate(
    `map (body: ids (run "r" {
    pipelines = [ (chain { first.run = { ... }: body; }) (${change}) ];
  })) [ "echo 1" "echo 2" ]`,
    pairSchema,
  );
  expect(before.map((id, n) => id === after[n])).toEqual([false, false, true]);
});

test("every job of a run enters the ids of a run that depends on it", async () => {
  const [few, many] = await builder.evaluate(
    `map (values: ids (run "after" {
    dependencies = [ [ (run "before" { pipelines = [ (chain { }) ]; parameters.x = values; }) "soft" ] ];
    pipelines = [ (pipe (call: { a = call (stage "a" { inputs = { metadata__before = ""; store__base = ""; }; }) [ ]; })) ];
  })) [ [ 1 ] [ 1 2 ] ]`,
    pairSchema,
  );
  expect(few).toHaveLength(1);
  expect(many).not.toEqual(few);
});

test("two stages from one file in a pipeline are two jobs, each with its own upstream", async () => {
  const upstream = await builder.evaluate(
    `map (job: builtins.length job.upstream) (run "r" { pipelines = [ (pipe (call:
    let relax = stage "relax" { inputs.x = ""; outputs.x = "$out/x"; };
    in rec { first = call (stage "first" { outputs.x = "$out/x"; }) [ ]; once = call relax [ first ]; twice = call relax [ once ]; })) ]; }).jobs`,
    z.array(z.number()),
  );
  expect(upstream).toEqual([0, 1, 1]);
});

test("axes multiply in the order of their names, null takes the default, what a stage does not declare is left out", async () => {
  const parameters = await builder.evaluate(
    `parametersOf (run "r" {
    pipelines = [ (pipe (call: { a = call (stage "a" { parameters = { b = 0; a = 0; d = "kept"; n = 7; }; }) [ ]; c = call (stage "c" { parameters.b = 0; }) [ ]; })) ];
    parameters = { b = [ 1.0 2.5 ]; a = [ "x" true ]; n = [ null ]; };
  })`,
    z.array(z.string()),
  );
  expect(parameters).toEqual([
    '{"a":"x","b":1.0,"d":"kept","n":7}',
    '{"b":1.0}',
    '{"a":"x","b":2.5,"d":"kept","n":7}',
    '{"b":2.5}',
    '{"a":true,"b":1.0,"d":"kept","n":7}',
    '{"a":true,"b":2.5,"d":"kept","n":7}',
  ]);
});
