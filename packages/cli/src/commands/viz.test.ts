import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLabFiles, writeLab } from "../../../core/src/lab/lab.fixture.ts";
import { keepScreen, type KeptScreen } from "../command.fixture.ts";
import { runProgram } from "../run-program.ts";

let lab: Awaited<ReturnType<typeof writeLab>>;
let folder: string;

beforeAll(async () => {
  lab = await writeLab(makeLabFiles("soft"));
  folder = await mkdtemp(join(tmpdir(), "repx-viz-"));
});

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function viz(
  words: readonly string[],
  screen: KeptScreen = keepScreen(),
): Promise<KeptScreen & { status: number }> {
  const status = await runProgram(["viz", "--lab", lab.folder, ...words], { screen, cwd: folder, environment: {} });
  return { ...screen, status };
}

test("a Lab is drawn as Mermaid on stdout", async () => {
  const { status, stdout } = await viz([]);
  expect(status).toBe(0);
  expect(stdout().split("\n")).toEqual([
    "graph LR",
    '  subgraph r0["simulation, 3 jobs"]',
    '    s0["generate-1.1<br/>2 jobs<br/>slope: 1, 2"]',
    '    s1["sum-1.1<br/>1 job"]',
    "  end",
    '  subgraph r1["analysis, 1 job"]',
    '    s2["plot-1.1<br/>1 job"]',
    "  end",
    '  r0 -.->|"soft<br/>metadata__simulation"| s2',
    '  s0 -->|"data<br/>→ one<br/>data<br/>→ two"| s1',
    "",
  ]);
});

test("the file's ending says what is written, and the file's name is left as it is", async () => {
  const { status, stdout, stderr } = await viz(["-o", "my.lab.svg"]);
  expect([status, stdout()]).toEqual([0, ""]);
  expect(stderr()).toBe("my.lab.svg: 2 runs, 3 stages, 4 jobs\n");
  expect(await readFile(join(folder, "my.lab.svg"), "utf8")).toContain("generate-1.1");
});

test("a DOT file stays, and nothing beside it", async () => {
  const before = await readdir(folder);
  await viz(["--format", "dot", "--output", "topology"]);
  expect(await readFile(join(folder, "topology"), "utf8")).toMatch(/^digraph Lab \{/);
  expect((await readdir(folder)).toSorted()).toEqual([...before, "topology"].toSorted());
});

test("a dash as the file is stdout", async () => {
  const { stdout } = await viz(["-o", "-", "--format", "html"]);
  expect(stdout()).toMatch(/^<!doctype html>/);
});

test("runs are chosen by name, group or beginning", async () => {
  expect((await viz(["ana"])).stdout()).toContain('x0(["simulation<br/>not drawn"])');
  expect((await viz(["@all"])).stdout()).toBe((await viz(["simulation", "analysis"])).stdout());
});

test("a run that the Lab does not have is refused", async () => {
  const { status, stderr } = await viz(["simulatoin"]);
  expect(status).toBe(2);
  expect(stderr()).toContain("error[LAB_RUN_UNKNOWN]");
});

test("runs and groups are drawn when asked for", async () => {
  const { stdout } = await viz(["--runs", "--groups"]);
  expect(stdout()).toContain('subgraph g0["@all"]');
  expect(stdout()).toContain('r0(["simulation<br/>3 jobs<br/>generate-1.1<br/>sum-1.1"])');
});

test("each job is drawn when asked for", async () => {
  expect((await viz(["simulation", "--expand"])).stdout()).toContain('["generate-1.1<br/>15df99k8<br/>slope = 1"]');
});

test("arrows are left out when asked for", async () => {
  expect((await viz(["--no-intra-edges", "--no-inter-edges"])).stdout()).not.toMatch(/->/);
});

test("every parameter is shown when asked for", async () => {
  expect((await viz(["--show-params", "--expand"])).stdout()).toContain("slope = 2");
});

test("a terminal is not flooded with a PNG", async () => {
  const { status, stdout, stderr } = await viz(["--format", "png"], keepScreen(80));
  expect([status, stdout()]).toEqual([2, ""]);
  expect(stderr()).toContain("repx viz -o lab.png");
});

test("single jobs and whole runs at once are refused", async () => {
  const { status, stderr } = await viz(["--runs", "--expand"]);
  expect(status).toBe(2);
  expect(stderr()).toContain("error[INPUT_INVALID]: --runs draws whole runs, and --expand single jobs");
});

test("a file that cannot be written is told with its name", async () => {
  const { status, stderr } = await viz(["-o", "nowhere/lab.svg"]);
  expect(status).toBe(2);
  expect(stderr()).toContain("error[INPUT_INVALID]: the picture cannot be written to nowhere/lab.svg");
});

test("JSON is the picture itself, or what was written", async () => {
  const picture: unknown = JSON.parse((await viz(["--json"])).stdout());
  expect(picture).toMatchObject({ summary: "2 runs, 3 stages, 4 jobs", nodes: [{ title: "generate-1.1" }, {}, {}] });
  const { stdout } = await viz(["--json", "-o", "lab.mmd"]);
  expect(JSON.parse(stdout())).toEqual({ file: "lab.mmd", format: "mermaid", clusters: 2, nodes: 3, edges: 2 });
});

test("JSON and a format together are refused on stdout", async () => {
  expect((await viz(["--json", "--format", "dot"])).status).toBe(2);
});
