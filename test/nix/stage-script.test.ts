import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";

/** Prints its two parameters and its input, each ended by NUL, into a file. */
const print = `internal "mkStageScript" {
  inherit pkgs;
  program = "print";
  version = "1.1";
  parameters = { a = "default"; b = "default"; };
  inputs.data = "";
  outputs.printed = "$out/printed";
  runDependencies = [ ];
  run = { inputs, parameters, outputs, ... }: ''printf '%s\\0' "\${parameters.a}" "\${parameters.b}" "\${inputs.data}" > "\${outputs.printed}"; pwd'';
}`;

let builder: LabBuilder;
let script: string;
let data: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  const folder = await builder.build({ expression: print });
  script = join(folder, "bin/print");
  data = join(builder.folder, "data file");
  await writeFile(data, "");
});
afterAll(async () => builder[Symbol.asyncDispose]());

let runs = 0;
async function run(parameters: string, inputs = JSON.stringify({ data })) {
  const out = join(builder.folder, "outputs", String(runs++));
  await mkdir(out, { recursive: true });
  const output = await builder.runScript(script, { out, inputs, parameters });
  return { ...output, out, printed: await readFile(join(out, "printed"), "utf8").catch(() => "") };
}

describe("a value reaches the script unchanged:", () => {
  test.each([
    "two\nlines\n",
    `"double" and 'single' quotes`,
    "$(touch executed) `touch executed` ${HOME} $((1+1))",
    "back\\slash \\n not a newline",
    "Grüße, 日本語, 😀, \u2028",
    "tab\tand\rreturn\b\f\u0001\u001f\u007f",
    "  spaces around  ",
    "",
    "*",
    "]=[",
    "x".repeat(20_000),
  ])("%j", async (value) => {
    const { printed, stderr, out } = await run(JSON.stringify({ a: value, b: "b" }));
    expect(stderr).toBe("");
    expect(printed).toBe(`${value}\0b\0${data}\0`);
    expect(await readdir(out)).toEqual(["printed"]);
  });
});

test.each([
  ['{"a":1.50,"b":-0}', "1.50", "-0"],
  ['{"a":1e+20,"b":12345678901234567890}', "1e+20", "12345678901234567890"],
  ['{"a":true,"b":null}', "true", "null"],
  ['\n{\t"a" : "\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/" ,\r\n "b":false }\n', "Aé€😀/", "false"],
])("%s is read as %s and %s", async (json, a, b) => {
  expect((await run(json)).printed).toBe(`${a}\0${b}\0${data}\0`);
});

test.each([
  ['{"a":{"b":1}}', "nested value"],
  ['{"a":[1]}', "nested value"],
  ['{"a":1', "expected }"],
  ['{"a":1,}', 'expected "'],
  ['{"a":01}', "bad value"],
  ['{"a":nil}', "bad value"],
  ['{"a":"x', "unfinished string"],
  ['{"a":"\\x"}', "unfinished string"],
  ['{"a":"line\nline"}', "control character"],
  ['{"a":"\\u12"}', "bad \\u escape"],
  ['{"a":"\\u0000"}', "cannot hold \\u0000"],
  ['{"a":"\\ud800"}', "half of a surrogate pair"],
  ['{"a":1,"a":2}', "second a"],
  ['{"":1}', "empty key"],
  ["{} {}", "text after the object"],
  ["", "expected {"],
  ["[]", "expected {"],
])("refuses %j as parameters: %s", async (json, reason) => {
  const { exitCode, stderr, printed } = await run(json);
  expect(stderr).toContain("is not a flat JSON object");
  expect(stderr).toContain(reason);
  expect([exitCode, printed]).toEqual([1, ""]);
});

test("a key with shell text in it is not executed", async () => {
  const { out, exitCode } = await run('{"$(touch executed)":"x","`touch executed`":1,"]":2,"a":"a","b":"b"}');
  expect(exitCode).toBe(0);
  expect(await readdir(out)).toEqual(["printed"]);
});

test("the script runs in its output folder, emptied but for SLURM's own logs", async () => {
  const out = join(builder.folder, "outputs", "again");
  await mkdir(join(out, ".hidden/deep"), { recursive: true });
  for (const name of ["stale", "slurm-7.out", ".hidden/deep/x"]) await writeFile(join(out, name), "");
  const { stdout } = await builder.runScript(script, {
    out,
    inputs: JSON.stringify({ data }),
    parameters: '{"a":1,"b":2}',
  });
  expect(stdout).toBe(`${out}\n`);
  expect((await readdir(out)).toSorted()).toEqual(["printed", "slurm-7.out"]);
});

test("an input that appears late is waited for", async () => {
  const late = join(builder.folder, "late");
  const running = run('{"a":1,"b":2}', JSON.stringify({ data: late }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await writeFile(late, "");
  expect((await running).printed).toBe(`1\x002\0${late}\0`);
});

test("a parameters file that is missing is an error, not an empty set", async () => {
  const out = join(builder.folder, "outputs", "none");
  const { exitCode, stderr } = await builder.runScript(script, { out, inputs: "{}", parameters: undefined });
  expect(stderr).toBe(`repx: cannot read ${out}.parameters.json\n`);
  expect(exitCode).toBe(1);
});
