import fc from "fast-check";
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
      `internal "mkJobId" { ${script("a", "simple-producer")} paramsJson = "{}"; upstream = [ ]; mappingsJson = "[]"; }`,
      producer,
    ],
    [
      "a stage with one upstream job",
      `internal "mkJobId" { ${script("b", "simple-summer")} paramsJson = "{}"; upstream = [ "${producer}" ]; mappingsJson = internal "renderMappings" [
        (internal "mkMapping" { type = "intra-pipeline"; job_id_template = "simple-producer"; source_output = "data.csv"; target_input = "input_csv"; })
      ]; }`,
      summer,
    ],
    [
      "a stage of a run that depends on another",
      `internal "mkJobId" { ${script("d", "simple-plotter")} paramsJson = "{}"; upstream = [ "${producer}" "${summer}" ]; mappingsJson = internal "renderMappings" [
        (internal "mkMapping" { type = "inter-run"; source_run = "simulation-run"; dependency_type = "soft"; target_input = "metadata__simulation-run"; })
        (internal "mkMapping" { type = "global"; source_value = "store_base"; target_input = "store__base"; })
      ]; }`,
      "1dyy4aga7cg71kdhylim865s2b1a6bas-simple-plotter-1.1",
    ],
    [
      "an integer parameter",
      `internal "mkJobId" { ${script("c", "generator")} paramsJson = "{\${internal "renderParameter" { at = "generator"; } "slope" 1}}"; upstream = [ ]; mappingsJson = "[]"; }`,
      "1rp13yid26831ad1z0w1r3mqrzb3877l-generator-1.1",
    ],
    [
      "an identity by name and version",
      `internal "mkJobId" { identities = [ "generator-1.1" ]; pname = "generator"; version = "1.1"; paramsJson = "{\${internal "renderParameter" { at = "generator"; } "slope" 2}}"; upstream = [ ]; mappingsJson = "[]"; }`,
      "0mkywqkm01ssrv6xsx62ckd6w5i62a9m-generator-1.1",
    ],
  ])("%s", async (_title, expression, id) => {
    expect(await builder.evaluate(expression, z.string())).toBe(id);
  });
});

/** Stages in an order in which each reads only those before it; `needs` are their indexes. */
const pipelines = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), parameters: fc.subarray(["u", "v", "w"]) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((stages) =>
    stages.map(({ needs, parameters }, index) => ({
      needs: index === 0 ? [] : [...new Set(needs.map((need) => need % index))],
      parameters,
    })),
  );
type Pipeline = typeof pipelines extends fc.Arbitrary<infer T> ? T : never;

/** One pipeline, the names of its attributes, and the order in which they are written. */
const namings = pipelines.chain((stages) =>
  fc.record({
    stages: fc.constant(stages),
    names: fc.tuple(shuffle(stages.length), shuffle(stages.length)),
    orders: fc.tuple(shuffle(stages.length), shuffle(stages.length)),
  }),
);

function shuffle(length: number): fc.Arbitrary<number[]> {
  const indexes = Array.from({ length }, (_, index) => index);
  return fc.shuffledSubarray(indexes, { minLength: length });
}

/** A run of the pipeline; stage n is the attribute `a<names[n]>`. */
function renderIds(stages: Pipeline, names: readonly number[], order: readonly number[]): string {
  const attributes = order.map((index) => {
    const { needs, parameters } = stages[index] ?? { needs: [], parameters: [] };
    const inputs = needs.map((need) => `i${need} = "";`).join(" ");
    const wires = needs.map((need) => `[ a${names[need]} "x" "i${need}" ]`).join(" ");
    const defaults = parameters.map((name) => `${name} = 0;`).join(" ");
    return `a${names[index]} = call (stage "s${index}" { outputs.x = "$out/x"; inputs = { ${inputs} }; parameters = { ${defaults} }; }) [ ${wires} ];`;
  });
  const axes = "parameters = { u = [ 1 2 ]; v = [ 1 2 ]; w = [ 3 ]; }; allowUndeclared = true;";
  return `(ids (runOf (call: rec { ${attributes.join(" ")} }) { ${axes} }))`;
}

test("the names of a pipeline's attributes and their order do not enter ids", async () => {
  const batches = fc.array(namings, { minLength: 15, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      const pairs = batch.map(({ stages, names, orders }) =>
        [0, 1].map((n) => renderIds(stages, names[n] ?? [], orders[n] ?? [])).join(" "),
      );
      const expression = `[ ${pairs.map((pair) => `[ ${pair} ]`).join(" ")} ]`;
      for (const [one, other] of await builder.evaluate(expression, z.array(pairSchema))) {
        expect(other).toEqual(one);
      }
    }),
    { numRuns: 4 },
  );
});

test("jobs have as many ids as combinations of what they and their upstream declare", async () => {
  const batches = fc.array(pipelines, { minLength: 15, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      const expression = `[ ${batch.map((stages) => renderIds(stages, [...stages.keys()], [...stages.keys()])).join(" ")} ]`;
      const runs = await builder.evaluate(expression, z.array(z.array(z.string())));
      expect(runs.map((ids) => new Set(ids).size)).toEqual(batch.map(countJobs));
    }),
    { numRuns: 4 },
  );
});

/** The axes u and v have two values each, w has one. */
function countJobs(stages: Pipeline): number {
  const relevant: Set<string>[] = [];
  for (const { needs, parameters } of stages) {
    relevant.push(new Set([...parameters, ...needs.flatMap((need) => [...(relevant[need] ?? [])])]));
  }
  return relevant.reduce((sum, names) => sum + (names.has("u") ? 2 : 1) * (names.has("v") ? 2 : 1), 0);
}
