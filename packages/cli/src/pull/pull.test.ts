// `repx pull` from a base path on this machine, with RepX's own Lab.
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Lab } from "@repx/core/lab";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  REPX_GEN,
  REPX_GEN_2,
  REPX_PLOT,
  REPX_SUM,
  REPX_SUM_2,
  writeRepxLab,
} from "../../../core/src/lab/repx-lab.fixture.ts";
import { keepScreen, type KeptScreen } from "../command.fixture.ts";
import { runProgram } from "../run-program.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-pull-"));
  await writeRepxLab(join(folder, "result"));
  await writeFiles({
    [`${REPX_GEN}/repx/SUCCESS`]: "",
    [`${REPX_GEN}/repx/stdout.log`]: "made 3 numbers\n",
    [`${REPX_GEN}/out/list.txt`]: "1\n2\n3\n",
    [`${REPX_GEN}/out/more/big.bin`]: "x".repeat(1_234_567),
    [`${REPX_GEN_2}/repx/FAIL`]: "",
    [`${REPX_GEN_2}/out/partial.txt`]: "half",
  });
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function writeFiles(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const place = join(folder, "target/outputs", path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, text);
    await utimes(place, 1_700_000_000, 1_700_000_000);
  }
}

async function pull(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return pullOn(keepScreen(), words);
}

async function pullOn(
  screen: KeptScreen,
  words: readonly string[],
): Promise<{ status: number; stdout: string; stderr: string }> {
  const status = await runProgram(["pull", ...words], { screen, cwd: folder, environment: { HOME: folder, PATH } });
  return { status, stdout: screen.stdout().replaceAll(folder, "/f"), stderr: screen.stderr() };
}

const PATH = "/usr/bin:/bin";
const TARGET = ["--target", "./target"];

async function listPulled(): Promise<string[]> {
  const found = await readdir(join(folder, "results"), { recursive: true, withFileTypes: true }).catch(() => []);
  return found
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(folder.length + 9))
    .toSorted();
}

test("without a name the results of all jobs that succeeded come, as a base path that can be read", async () => {
  const { status, stdout, stderr } = await pull(...TARGET);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^2 files \(1\.23 MB\) of 1 job came to \.\/results, .* on the wire$/),
    "3 jobs left nothing there:",
    ...[REPX_SUM, REPX_SUM_2, REPX_PLOT].map((id) => `  ${id}`),
    "passed over, as not succeeded: 1 job; name them to have what they left",
    "Look at them with: repx list jobs --target ./results",
    "",
  ]);
  expect(await listPulled()).toEqual(
    [`out/list.txt`, `out/more/big.bin`, `repx/SUCCESS`].map((path) => `outputs/${REPX_GEN}/${path}`),
  );
  await using lab = await Lab.open(join(folder, "result"), { target: join(folder, "results") });
  expect((await lab.statuses()).get(lab.job(REPX_GEN).id)).toBe("succeeded");
  expect((await pull(...TARGET)).stdout).toMatch(
    /^0 files \(0 B\) of 1 job came[^\n]*\n2 files here already, unchanged\n/,
  );
});

test("a job that is named comes whatever became of it, with its logs where they are asked for", async () => {
  expect((await pull(REPX_GEN.slice(0, 6), REPX_GEN_2.slice(0, 6), "--logs", ...TARGET)).status).toBe(0);
  expect(await listPulled()).toEqual(
    [
      `${REPX_GEN}/out/list.txt`,
      `${REPX_GEN}/out/more/big.bin`,
      `${REPX_GEN}/repx/SUCCESS`,
      `${REPX_GEN}/repx/stdout.log`,
      `${REPX_GEN_2}/out/partial.txt`,
      `${REPX_GEN_2}/repx/FAIL`,
    ]
      .map((path) => `outputs/${path}`)
      .toSorted(),
  );
});

test("a named job that left nothing makes the exit status 1, and so does a pattern that nothing fits", async () => {
  const missing = await pull("plot-run", ...TARGET);
  expect(missing.status).toBe(1);
  expect(missing.stdout).toContain(`1 job left nothing there:\n  ${REPX_PLOT}\n`);
  expect((await pull("--match", "*.parquet", ...TARGET)).status).toBe(1);
  expect((await pull("--match", "*.txt", "--match", "*.parquet", ...TARGET)).status).toBe(0);
});

test("what is left out is listed with the reason and the flag that takes it", async () => {
  const { status, stdout } = await pull("--max-file", "1M", ...TARGET);
  expect(status).toBe(0);
  expect(stdout).toContain(
    [
      "left out, as it is larger than the limit for one file: 1 file",
      `  ${REPX_GEN}/out/more/big.bin (1.23 MB)`,
      "  --max-file SIZE takes larger files, --max-file none all of them.",
    ].join("\n"),
  );
});

test("on a terminal ids are short, and numbers have commas", async () => {
  const small = Array.from({ length: 1200 }, (_, index) => [`${REPX_GEN}/out/small/${index}`, ""]);
  await writeFiles(Object.fromEntries(small));
  const { stdout } = await pullOn(keepScreen(80, { NO_COLOR: "1" }), ["--dry-run", ...TARGET]);
  expect(stdout.split("\n")).toEqual([
    "1,202 files (1.23 MB) of 1 job would come to ./results",
    "3 jobs left nothing there:",
    "  0pkal2l7",
    "  0bcal2l7",
    "  1id02yrd",
    "passed over, as not succeeded: 1 job; name them to have what they left",
    "",
  ]);
});

test("a dry run tells what would come, and makes nothing", async () => {
  const { status, stdout } = await pull("--dry-run", ...TARGET);
  expect([status, stdout.split("\n")[0]]).toEqual([0, "2 files (1.23 MB) of 1 job would come to ./results"]);
  expect(await readdir(folder)).not.toContain("results");
});

test("JSON says the same, alone on stdout", async () => {
  const { stdout, stderr } = await pull("--json", "--max-file", "1M", ...TARGET);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    folder: "/f/results",
    target: { name: "target", where: "this machine", basePath: "/f/target" },
    dryRun: false,
    bytes: 6,
    files: 1,
    sentBytes: expect.any(Number),
    skippedFiles: 0,
    leftOut: [{ path: `${REPX_GEN}/out/more/big.bin`, sizeBytes: 1_234_567, reason: expect.any(String) }],
    missingJobs: [REPX_SUM, REPX_SUM_2, REPX_PLOT],
    unreadyJobs: [REPX_GEN_2],
    oddNames: [],
  });
});

test.each([
  [["--max-size", "1M"], "SYNC_TOO_LARGE", "--max-size"],
  [["--max-size", "lots"], "INPUT_INVALID", "--max-size 500M"],
  [["--to", "target"], "INPUT_INVALID", "Name another folder with --to"],
  [["sim-rum"], "LAB_RUN_UNKNOWN", "Did you mean sim-run?"],
])("%j is refused with %s", async (words, code, hint) => {
  const { status, stdout, stderr } = await pull(...words, ...TARGET);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(`error[${code}]: `);
  expect(stderr).toContain(hint);
  expect(await listPulled()).toEqual([]);
});
