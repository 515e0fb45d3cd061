import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

// The diamond of RepX's reference Lab: extract, then square and double, then combine.
const SCRIPTS = {
  scatter: `echo '[ {"x": 1}, {"x":2},\n {"x":3, "note":"a ] b"} ]' >"$1/work_items.json"; echo scattered`,
  extract: `sed 's/.*"x":\\([0-9]*\\).*/\\1/' "$(input item "$2")" >"$1/x"; cp "$(input item "$2")" "$1/item"`,
  square: `x=$(cat "$(input x "$2")"); echo $((x * x)) >"$1/y"`,
  double: `x=$(cat "$(input x "$2")"); echo $((x + x)) >"$1/y"`,
  combine: `echo $(($(cat "$(input a "$2")") + $(cat "$(input b "$2")"))) >"$1/sum"`,
  gather: `cp "$2" "$1/inputs"; cp "$3" "$1/parameters"
for file in $(sed 's/[^"]*"sum": *"\\([^"]*\\)".*/\\1/;s/[][,]//g' "$(input outs "$2")" | grep '^/'); do cat "$file"; done >"$1/sums"`,
};
// Reads a value of a flat JSON object; the test's own, as a stage's header does it.
const INPUT = `input() { sed -n 's/.*"'"$1"'": *"\\([^"]*\\)".*/\\1/p' "$2" | head -n 1; }`;

let user: ClusterUser;
let target: TargetFolder;
let id: string;
let folder: string;

beforeAll(async () => {
  user = await ensureClusterUser();
});
beforeEach(async () => {
  target = await makeTargetFolder("/tmp/repx-parts-test", user);
  const { ids } = await target.addBatch([{ stage: "sum", script: "exit 99" }]);
  id = ids[0] ?? "";
  folder = join(target.base, "outputs", id);
  await writePlan(SCRIPTS);
});
afterAll(async () => rm("/tmp/repx-parts-test", { recursive: true, force: true }));

async function writePlan(scripts: typeof SCRIPTS): Promise<void> {
  const bin = join(target.base, "artifacts/jobs", id, "bin");
  const plan = join(target.folder, "jobs", id);
  for (const [name, script] of Object.entries(scripts)) {
    const text = `#!/bin/sh\nset -e\n${INPUT}\nmkdir -p "$1"; echo ran >>"$1.runs"\n${script}\n`;
    await writeFile(join(bin, name), text, { mode: 0o755 });
  }
  const program = (name: string) => `jobs/${id}/bin/${name}`;
  const branch = `${folder}/branch-\u0001`;
  const steps = [
    ["extract", "-", { item: `${branch}/repx/work_item.json` }],
    ["double", "extract", { x: `${branch}/step-extract/out/x` }],
    ["square", "extract", { x: `${branch}/step-extract/out/x` }],
    ["combine", "square double", { a: `${branch}/step-square/out/y`, b: `${branch}/step-double/out/y` }],
  ] as const;
  const table = [
    `scatter\t-\t${program("scatter")}\t-`,
    ...steps.map(([name, needs]) => `step\t${name}\t${program(name)}\t${needs}`),
    `gather\t-\t${program("gather")}\t-`,
  ];
  await mkdir(plan, { recursive: true });
  await writeFile(join(plan, "parts.tsv"), `${table.join("\n")}\n`);
  for (const [name, , inputs] of steps) await writeJson(join(plan, `step-${name}.json`), inputs);
  await writeJson(join(plan, "gather.json"), { data: "/in put", outs: `${folder}/repx/worker_outs_manifest.json` });
  await writeJson(join(plan, "branch.json"), { sum: `${branch}/step-combine/out/sum` });
  await target.giveAway();
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** How often a part has run, over all attempts. */
async function countRuns(part: string): Promise<number> {
  const text = await readFile(join(folder, `${part}.runs`), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

test("scatter, the steps of every work item in their order, then gather", async () => {
  expect((await target.runJob(1)).exitCode).toBe(0);
  expect(await target.read(id, "out/sums")).toBe("3\n8\n15\n");
  expect(await target.read(id, "branch-2/repx/work_item.json")).toBe('{"x":3,"note":"a ] b"}\n');
  expect(await target.read(id, "branch-2/step-extract/out/item")).toBe('{"x":3,"note":"a ] b"}\n');
  expect(JSON.parse((await target.read(id, "repx/worker_outs_manifest.json")) ?? "")).toEqual(
    [0, 1, 2].map((branch) => ({ sum: `${folder}/branch-${branch}/step-combine/out/sum` })),
  );
  expect(JSON.parse((await target.read(id, "out/inputs")) ?? "")).toEqual({
    data: "/in put",
    outs: `${folder}/repx/worker_outs_manifest.json`,
  });
  expect(await target.read(id, "out/parameters")).toBe('{"seed":7}\n');
});

test("the record of the job is that of its gather, and every part has logs and a marker of its own", async () => {
  await target.runJob(1);
  expect(await target.read(id, "scatter/repx/stdout.log")).toBe("scattered\n");
  for (const part of ["scatter", "branch-0/step-extract", "branch-2/step-combine"]) {
    expect(existsSync(join(folder, part, "repx/SUCCESS"))).toBe(true);
  }
  const result = JSON.parse((await target.read(id, "repx/result.json")) ?? "");
  expect(result.outputs.map((one: { path: string }) => one.path)).toEqual(["inputs", "parameters", "sums"]);
  expect((await readdir(join(folder, "repx"))).filter((name) => name.startsWith("."))).toEqual([]);
});

test("a step that fails ends the job with its exit code, and the job's log says which one and why", async () => {
  await writePlan({ ...SCRIPTS, square: `echo no squares today >&2; exit 7` });
  expect((await target.runJob(1)).exitCode).toBe(7);
  expect(existsSync(join(folder, "repx/FAIL"))).toBe(true);
  expect(existsSync(join(folder, "branch-0/step-square/repx/FAIL"))).toBe(true);
  expect(await target.read(id, "repx/stderr.log")).toBe(
    `no squares today\nrepx-job: step square of branch 0 ended with 7, its logs are in ${folder}/branch-0/step-square/repx\n`,
  );
  expect(await countRuns("branch-1/step-extract/out")).toBe(0);
});

test("the next attempt runs only what has not succeeded, and what reads from that", async () => {
  await writePlan({ ...SCRIPTS, square: `[ "$(cat "$(input x "$2")")" != 2 ]; x=1; echo 1 >"$1/y"` });
  expect((await target.runJob(1)).exitCode).toBe(1);
  await writePlan(SCRIPTS);
  expect((await target.runJob(1)).exitCode).toBe(0);
  const runs = [
    "scatter",
    "branch-0/step-square",
    "branch-1/step-extract",
    "branch-1/step-square",
    "branch-2/step-double",
  ];
  expect(await Promise.all(runs.map(async (part) => countRuns(`${part}/out`)))).toEqual([1, 1, 1, 2, 1]);
  expect(await target.read(id, "out/sums")).toBe("3\n8\n15\n");
});

test("a step whose input was made anew runs again, a branch with another item begins anew, a branch too many goes", async () => {
  await target.runJob(1);
  for (const part of ["branch-0/step-square", "scatter", "."]) await rm(join(folder, part, "repx/SUCCESS"));
  await writePlan({ ...SCRIPTS, scatter: `echo '[{"x":1},{"x":5}]' >"$1/work_items.json"` });
  expect((await target.runJob(1)).exitCode).toBe(0);
  expect(await target.read(id, "out/sums")).toBe("3\n35\n");
  const runs = ["branch-0/step-extract", "branch-0/step-square", "branch-0/step-double", "branch-0/step-combine"];
  expect(await Promise.all(runs.map(async (part) => countRuns(`${part}/out`)))).toEqual([1, 2, 1, 2]);
  expect(existsSync(join(folder, "branch-2"))).toBe(false);
});

test("no work items leave an empty manifest to the gather", async () => {
  await writePlan({ ...SCRIPTS, scatter: `echo '[]' >"$1/work_items.json"` });
  expect((await target.runJob(1)).exitCode).toBe(0);
  expect(JSON.parse((await target.read(id, "repx/worker_outs_manifest.json")) ?? "")).toEqual([]);
});

test.each([
  ["is an object", `echo '{"x":1}' >"$1/work_items.json"`],
  ["breaks off", `echo '[{"x":1}, {"x"' >"$1/work_items.json"`],
  ["lacks commas", `echo '[1 2 3]' >"$1/work_items.json"`],
  ["lacks a comma after an object", `echo '[{"x":1} {"x":2}]' >"$1/work_items.json"`],
  ["is missing", "true"],
])("work items that no array holds fail the job: the file %s", async (_, scatter) => {
  await writePlan({ ...SCRIPTS, scatter });
  expect((await target.runJob(1)).exitCode).toBe(65);
  expect(await target.read(id, "repx/stderr.log")).toContain("the scatter left no JSON array in");
  expect(existsSync(join(folder, "repx/FAIL"))).toBe(true);
});

test("a scatter that left no work items runs again in the next attempt", async () => {
  await writePlan({ ...SCRIPTS, scatter: `echo '[{"x":1}, {"x"' >"$1/work_items.json"` });
  expect((await target.runJob(1)).exitCode).toBe(65);
  await writePlan(SCRIPTS);
  expect((await target.runJob(1)).exitCode).toBe(0);
  expect(await countRuns("scatter/out")).toBe(2);
});

test("a list of work items that a full disk cut off is not taken for the whole", async () => {
  // An awk that does not notice a write that failed, as busybox's.
  const awk = `#!/bin/sh\ncase "$*" in *work-items*) /usr/bin/awk "$@" | head -n 2 ;; *) exec /usr/bin/awk "$@" ;; esac\n`;
  await writeFile(join(target.base, "awk"), awk, { mode: 0o755 });
  expect((await target.runJob(1, { PATH: `${target.base}:/usr/bin:/bin` })).exitCode).toBe(74);
  expect(await target.read(id, "repx/stderr.log")).toContain("cannot write the records");
  expect(existsSync(join(folder, "branch-0"))).toBe(false);
  expect((await target.runJob(1)).exitCode).toBe(0);
});

test("a part begins with an empty folder, whatever an earlier attempt left in it", async () => {
  const extract = `mkdir "$1/tree"; : >"$1/tree/leaf"; chmod a-w "$1/tree"`;
  await writePlan({ ...SCRIPTS, extract: `${extract}; exit 3` });
  expect((await target.runJob(1)).exitCode).toBe(3);
  await writePlan({ ...SCRIPTS, extract: `${extract}; ${SCRIPTS.extract}` });
  expect((await target.runJob(1)).exitCode).toBe(0);
  await writePlan({ ...SCRIPTS, scatter: `echo '[{"x":4}]' >"$1/work_items.json"` });
  for (const part of ["scatter", "."]) await rm(join(folder, part, "repx/SUCCESS"));
  expect((await target.runJob(1)).exitCode).toBe(0);
  expect(await target.read(id, "out/sums")).toBe("24\n");
});

test("a name that is written like the number of a branch stays as it is", async () => {
  const plan = join(target.folder, "jobs", id, "step-extract.json");
  const odd = "/in/branch-\\u0001";
  await writeJson(plan, { ...JSON.parse(await readFile(plan, "utf8")), odd });
  await target.giveAway();
  expect((await target.runJob(1)).exitCode).toBe(0);
  expect(JSON.parse((await target.read(id, "branch-2/step-extract/repx/inputs.json")) ?? "")).toEqual({
    item: `${folder}/branch-2/repx/work_item.json`,
    odd,
  });
});

test("after TERM no further part starts", async () => {
  await writePlan({ ...SCRIPTS, extract: `kill -TERM "$PPID"; sleep 5` });
  expect((await target.runJob(1)).exitCode).toBe(143);
  expect(await countRuns("branch-0/step-double/out")).toBe(0);
});
