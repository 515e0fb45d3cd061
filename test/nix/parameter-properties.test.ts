import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { runCommand } from "../harness/command.ts";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";

type Row = Record<string, number>;
interface Sweep {
  readonly axes: Record<string, readonly number[]>;
  /** By anchor: every member has the values of one column. */
  readonly zips: Record<string, Record<string, readonly number[]>>;
}

const rowsSchema = z.array(z.array(z.record(z.string(), z.number())));

/** Those that need no quotes, those that a shell reads, and one that is two bytes. */
const CHARACTERS = "aZ09 _./:,=+-~*?'\"\\$`#!&|;<>(){}[]%\n\té".split("");

let builder: LabBuilder;
beforeAll(async () => {
  builder = await startLabBuilder();
});
afterAll(async () => builder[Symbol.asyncDispose]());

const nameArbitrary = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,3}$/);
const valuesArbitrary = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 4 });
const sweepArbitrary: fc.Arbitrary<Sweep> = fc
  .tuple(
    fc.uniqueArray(nameArbitrary, { minLength: 7, maxLength: 7 }),
    fc.array(valuesArbitrary, { maxLength: 3 }),
    fc.array(fc.array(fc.tuple(fc.integer(), fc.integer()), { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  )
  .map(([names, plain, pairs]) => ({
    axes: Object.fromEntries(plain.map((values, index) => [names[index] ?? "", values])),
    zips: Object.fromEntries(
      pairs.map((rows, index) => [
        `zip${index}`,
        Object.fromEntries(
          [3, 4].map((first, column) => [names[first + 2 * index] ?? "", rows.map((row) => row[column] ?? 0)]),
        ),
      ]),
    ),
  }));

const byBytes = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

/** What the library promises, in other words than its own: the last axis counts like the last digit of a number. */
function expand({ axes, zips }: Sweep): Row[] {
  const plain = Object.entries(axes)
    .toSorted(byBytes)
    .map(([name, values]) => values.map((value) => ({ [name]: value })));
  const zipped = Object.entries(zips)
    .toSorted(byBytes)
    .map(([, members]) =>
      (Object.values(members)[0] ?? []).map((_, index) =>
        Object.fromEntries(Object.entries(members).map(([name, values]) => [name, values[index] ?? 0])),
      ),
    );
  const all: Row[][] = [...plain, ...zipped];
  const total = all.reduce((product, rows) => product * rows.length, 1);
  return Array.from({ length: total }, (_, index) => {
    let rest = index;
    return all.reduceRight<Row>((combination, rows) => {
      const row = rows[rest % rows.length];
      rest = Math.floor(rest / rows.length);
      return { ...combination, ...row };
    }, {});
  });
}

test("any axes and zips give every combination once, the last axis fastest", async () => {
  const sweeps = fc.sample(sweepArbitrary, 200);
  const expression = `map (sweep: internal "expandAxes" (internal "readAxes" { at = "r"; } (
    sweep.axes // builtins.mapAttrs (_: repx.utils.zip) sweep.zips
  ))) (builtins.fromJSON (builtins.readFile ${builder.folder}/sweeps.json))`;
  await writeFile(join(builder.folder, "sweeps.json"), JSON.stringify(sweeps));
  const rows = await builder.evaluate(expression, rowsSchema);
  expect(rows).toEqual(sweeps.map(expand));
});

test("a shell that evaluates what env renders has every variable as it was given", async () => {
  const texts = fc.sample(fc.string({ unit: fc.constantFrom(...CHARACTERS) }), 200);
  const variables = Object.fromEntries(texts.map((text, index) => [`V${index}`, text]));
  await writeFile(join(builder.folder, "variables.json"), JSON.stringify(variables));
  const rendered = await builder.evaluate(
    `repx.utils.env (builtins.fromJSON (builtins.readFile ${builder.folder}/variables.json))`,
    z.string(),
  );
  const names = Object.keys(variables).map((name) => `"$${name}"`);
  const { stdout } = await runCommand(["bash", "-euc", `eval "$1"; printf '%s\\0' ${names.join(" ")}`, "-", rendered]);
  expect(stdout.split("\0").slice(0, -1)).toEqual(texts);
});
