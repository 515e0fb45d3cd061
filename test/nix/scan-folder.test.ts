import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startLabBuilder } from "./build-lab.ts";
import type { LabBuilder } from "./build-lab.ts";

const listSchema = z.array(z.string());

let builder: LabBuilder;
let data: string;
beforeAll(async () => {
  builder = await startLabBuilder();
  data = await writeFolder("data", {
    "b.csv": "b",
    "a.csv": "a",
    "notes.txt": "n",
    ".hidden": "h",
    "sub/deep.csv": "d",
  });
  await symlink("a.csv", join(data, "link"));
});
afterAll(async () => builder[Symbol.asyncDispose]());

async function writeFolder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(builder.folder, name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const call = (expression: string) => `let utils = repx.mkUtils { inherit pkgs; }; in utils.${expression}`;
const evaluate = async (expression: string) => builder.evaluate(call(expression), listSchema);
/** `<hash>-<name>` without the hash, which is a fact of its own. */
const nameOf = (path: string) => basename(path).replace(/^[a-z0-9]{32}-/, "");

test.each([
  ["files", (folder: string) => `files ${folder}`, ["_.hidden", "a.csv", "b.csv", "notes.txt"]],
  ["folders", (folder: string) => `dirs ${folder}`, ["sub"]],
  [
    "entries",
    (folder: string) => `scan { src = ${folder}; }`,
    ["_.hidden", "a.csv", "b.csv", "link", "notes.txt", "sub"],
  ],
  ["whole names that match", (folder: string) => `scan { src = ${folder}; match = ".*[.]csv"; }`, ["a.csv", "b.csv"]],
  [
    "entries of one type that match",
    (folder: string) => `scan { src = ${folder}; type = "directory"; match = "s.*"; }`,
    ["sub"],
  ],
  [
    "entries of a folder given as text",
    (folder: string) => `files "${folder}"`,
    ["_.hidden", "a.csv", "b.csv", "notes.txt"],
  ],
])("a folder's %s are an axis in name order", async (_title, render, names) => {
  expect((await evaluate(render(data))).map(nameOf)).toEqual(names);
});

test("a value holds what the entry holds", async () => {
  const [a = ""] = await evaluate(`scan { src = ${data}; match = "a[.]csv"; }`);
  expect(a).toMatch(/^\/nix\/store\/[a-z0-9]{32}-a\.csv$/);
  expect(await readFile(join(builder.folder, a), "utf8")).toBe("a");
  const [sub = ""] = await evaluate(`dirs ${data}`);
  expect(await readFile(join(builder.folder, sub, "deep.csv"), "utf8")).toBe("d");
  const [link = ""] = await evaluate(`scan { src = ${data}; match = "link"; }`);
  expect(await readFile(join(builder.folder, link), "utf8")).toBe("a");
});

test("a file more changes no other value", async () => {
  const before = await evaluate(`files ${await writeFolder("growing", { a: "1", c: "3" })}`);
  const after = await evaluate(`files ${await writeFolder("growing", { b: "2" })}`);
  expect(after.toSpliced(1, 1)).toEqual(before);
});

test("a file has the same value wherever its folder lies", async () => {
  const one = await evaluate(`files ${await writeFolder("one", { x: "same" })}`);
  expect(await evaluate(`files ${await writeFolder("two/deeper", { x: "same" })}`)).toEqual(one);
});

test("names that the store does not take are changed and the files kept", async () => {
  const long = `${"x".repeat(230)}.csv`;
  const folder = await writeFolder("odd", { "two words.csv": "1", "Grüße (1).csv": "2", [long]: "3" });
  const values = await evaluate(`files "${folder}"`);
  expect(values.map(nameOf)).toEqual(["Gr-e-1-.csv", "two-words.csv", `${"x".repeat(196)}.csv`]);
  expect(await Promise.all(values.map(async (value) => readFile(join(builder.folder, value), "utf8")))).toEqual([
    "2",
    "1",
    "3",
  ]);
});

const made = `(derivation {
  name = "made"; system = pkgs.bash.system; builder = "\${pkgs.bash}/bin/bash"; PATH = "\${pkgs.coreutils}/bin";
  args = [ "-euc" "mkdir -p $out/sub; echo 1 > $out/a.csv; echo 2 > $out/b.csv" ];
})`;

test.each([
  ["a derivation", made],
  ["a folder in a derivation's output", `"\${${made}}/."`],
])("%s is built to list its files, which stay in it", async (_title, source) => {
  const values = await evaluate(`files ${source}`);
  expect(values.map((value) => basename(value))).toEqual(["a.csv", "b.csv"]);
  expect(await readFile(join(builder.folder, values[1] ?? ""), "utf8")).toBe("2\n");
});

test("a derivation's files reach the Lab with the derivation", async () => {
  const count = await builder.evaluate(
    `builtins.length (run "r" { pipelines = [ (chain { }) ]; parameters.x = (repx.mkUtils { inherit pkgs; }).files ${made}; }).storeValues`,
    z.number(),
  );
  expect(count).toBe(2);
});

test.each([
  [
    "a folder that does not exist",
    `files ./missing-folder`,
    [/error\[LAB_SCAN_INVALID\]: at scan\.src: the folder does not exist: .*missing-folder/, /hint: .*git add/],
  ],
  [
    "no folder at all",
    `files 3`,
    [/LAB_SCAN_INVALID\]: at scan\.src: expected a folder, found int/, /hint: write src = \.\/data/],
  ],
  ["a relative text", `files "data"`, [/LAB_SCAN_INVALID\]: at scan\.src: expected a folder, found "data"/]],
  [
    "an unknown type",
    `scan { src = DATA; type = "dir"; }`,
    [/LAB_SCAN_INVALID\]: at scan\.type: unknown type "dir"/, /hint: known types: any, directory, file/],
  ],
  [
    "a pattern that is no text",
    `scan { src = DATA; match = 3; }`,
    [/LAB_SCAN_INVALID\]: at scan\.match: expected a regular expression, found int/],
  ],
  [
    "a pattern that nothing matches",
    `scan { src = DATA; type = "file"; match = ".*tsv"; }`,
    [
      /LAB_AXIS_EMPTY\]: at scan: no entry of \S*\/data has the type file and a name that matches \.\*tsv/,
      /hint: the folder has 6 entries: \.hidden, a\.csv, b\.csv, link, notes\.txt, sub/,
    ],
  ],
])("%s is refused", async (_title, expression, parts) => {
  const message = await builder.evaluateError(`builtins.deepSeq (${call(expression.replace("DATA", data))}) 1`);
  for (const part of parts) expect(message).toMatch(part);
});
