// What the commands print about a Lab in RepX's own format, on a terminal of 80 columns and in a pipe.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { REPX_GEN, REPX_GEN_2, REPX_PLOT, REPX_SUM, writeRepxLab } from "../../core/src/lab/repx-lab.fixture.ts";
import { keepScreen } from "./command.fixture.ts";
import { COMMANDS } from "./commands.ts";
import { renderCommandHelp, renderProgramHelp } from "./render-help.ts";
import { runProgram } from "./run-program.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-cli-"));
  await writeRepxLab(join(folder, "result"));
  await writeFiles({
    [`target/outputs/${REPX_GEN}/repx/SUCCESS`]: "",
    [`target/outputs/${REPX_GEN}/repx/stdout.log`]: "made 3 numbers\n",
    [`target/outputs/${REPX_GEN}/out/list.txt`]: "1\n2\n3\n",
    [`target/outputs/${REPX_GEN}/out/more/big.bin`]: "x".repeat(1_234_567),
    [`target/outputs/${REPX_GEN_2}/repx/FAIL`]: "",
    ".repx/config.toml":
      '[targets.here]\nbase_path = "/data"\n[targets.far]\naddress = "me@far.example.org"\nbase_path = "/scratch/me"\n',
  });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function writeFiles(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line; with columns, on a terminal without colours. */
async function run(line: string, columns?: number): Promise<Answer> {
  const screen = keepScreen(columns, { NO_COLOR: "1" });
  const status = await runProgram(line.split(" "), { screen, cwd: folder, environment: { HOME: folder } });
  const clean = (text: string): string => text.replaceAll(folder, "/folder");
  return { status, stdout: clean(screen.stdout()), stderr: clean(screen.stderr()) };
}

test("every command's help fits a terminal, shows examples, and is as it was", async () => {
  const help = [renderProgramHelp(COMMANDS), ...COMMANDS.map(renderCommandHelp)];
  expect(
    help
      .join("\n")
      .split("\n")
      .filter((line) => line.length > 80),
  ).toEqual([]);
  expect(COMMANDS.filter(({ examples }) => examples.length === 0)).toEqual([]);
  await expect(help.join(`\n${"=".repeat(80)}\n\n`)).toMatchFileSnapshot("golden/commands-help.golden.txt");
});

describe("on a terminal", () => {
  test("lists, trees and jobs are as they were", async () => {
    const lines = [
      "list",
      "list jobs",
      "list runs sim --target ./target",
      "list jobs @compute -p offset -p mode=fast -g",
      "list jobs 15 --target ./target --status failed --output-paths",
      "list deps @all",
      "list groups",
      "list groups compute",
      "show job 0p --target ./target",
      `show job ${REPX_GEN} --target ./target`,
      "show job plot-run",
      "show job 0b --target ./target",
      `show output ${REPX_GEN} --target ./target`,
      "trace-params 0p",
    ];
    const screens = [];
    for (const line of lines) {
      const { status, stdout, stderr } = await run(line, 80);
      expect([line, status, stderr]).toEqual([line, 0, ""]);
      screens.push(`$ repx ${line}\n${stdout}`);
    }
    await expect(screens.join("\n")).toMatchFileSnapshot("golden/terminal.golden.txt");
  });
});

/** The keys of a JSON object, or of the first in a list. */
function listKeys(value: unknown): string[] {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return Object.keys(z.record(z.string(), z.unknown()).parse(first));
}

/** The words in code in the rows of commands, of the table under "JSON". */
async function readDocumentedKeys(commands: string): Promise<string[]> {
  const page = await readFile(new URL("../../../docs/cli.md", import.meta.url), "utf8");
  const rows = commands.split("|").map((name) => `| \`${name}\` |`);
  const [, table = ""] = page.split("\n## JSON\n");
  const lines = table.split("\n").filter((line) => rows.some((row) => line.startsWith(row)));
  return lines.flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map(([, word = ""]) => word));
}

describe("in a pipe", () => {
  test("job ids are whole", async () => {
    const { stdout } = await run("list jobs 0p");
    expect(stdout).toContain(`  ${REPX_SUM}  offset=1 mode=fast\n`);
    expect((await run("list deps 0p")).stdout).toBe(`${REPX_SUM}\n  ${REPX_GEN}\n`);
  });

  test.each([
    "list runs --json",
    "list jobs --json",
    "list jobs --json --target ./target",
    "list deps sim-run --json",
    "list groups --json",
    "show job 0p --json --target ./target",
    "show output 15df --json --target ./target",
    "trace-params --json",
  ])("%s prints JSON alone", async (line) => {
    const { status, stdout, stderr } = await run(line);
    expect([status, stderr]).toEqual([0, ""]);
    const name = line.replaceAll(/[^a-z]+/g, "-").slice(0, 40);
    await expect(`${JSON.stringify(JSON.parse(stdout), null, 2)}\n`).toMatchFileSnapshot(`golden/${name}.golden.json`);
  });

  test.each([
    ["init", "init study --json"],
    ["list runs", "list --json"],
    ["list jobs", "list jobs --json --target ./target"],
    ["list deps", "list deps --json"],
    ["list groups", "list groups --json"],
    ["list jobs|show job", "show job 0p --json --target ./target"],
    ["show output", "show output 15df --json --target ./target"],
    ["viz", "viz --json"],
    ["completions", "completions bash --json"],
  ])("docs/cli.md names the keys of %s --json", async (rows, line) => {
    const { stdout } = await run(line);
    expect(await readDocumentedKeys(rows)).toEqual(expect.arrayContaining(listKeys(JSON.parse(stdout))));
  });

  test("a file that a job left is printed as it is", async () => {
    expect(await run(`show output ${REPX_GEN} list.txt --target ./target`)).toEqual({
      status: 0,
      stdout: "1\n2\n3\n",
      stderr: "",
    });
  });

  test("a job that has left nothing has no files as JSON, and the exit status is 1", async () => {
    const { status, stdout } = await run(`show output ${REPX_PLOT} --target ./target --json`);
    expect([status, JSON.parse(stdout)]).toEqual([
      1,
      { id: REPX_PLOT, folder: expect.stringContaining(REPX_PLOT), files: [] },
    ]);
  });

  test("that nothing was found is no result", async () => {
    expect(await run("list jobs --stage nothing")).toEqual({ status: 0, stdout: "", stderr: "(no jobs match)\n" });
    expect(await run("list jobs --stage nothing --json")).toEqual({ status: 0, stdout: "[]\n", stderr: "" });
  });

  test("the exit status is 1 for a job that has left nothing", async () => {
    expect(await run(`show output ${REPX_PLOT} --target ./target`)).toEqual({
      status: 1,
      stdout: "",
      stderr: `${REPX_PLOT} has left nothing on /folder/target: it is pending.\n`,
    });
  });
});

test.each([
  ["list jobs --target here", "INPUT_INVALID", "there is no folder /data", "base_path"],
  ["list jobs --target far", "INPUT_INVALID", "target far is on another machine", "--target /scratch/me, or mount"],
  ["list jobs --target hre", "CONFIG_TARGET_UNKNOWN", "there is no target hre", "Did you mean here?"],
  ["list jobs --status failed", "INPUT_MISSING", "--status needs a target", "--target PATH"],
  ["list jobs --output-paths", "INPUT_MISSING", "--output-paths needs a target", "--target PATH"],
  ["list deps --param x", "INPUT_INVALID", "`repx list deps` has no use for --param", "`repx list jobs --param …`"],
  ["list jobs -p ofset", "INPUT_INVALID", "no job of the Lab has a parameter ofset", "Did you mean offset?"],
  ["list jobs -p depth=3", "INPUT_INVALID", "has a parameter depth", "Its jobs have mode, offset."],
  ["list jobs -p =3", "INPUT_INVALID", "--param =3 names no parameter", "--param seed=1"],
  ["list sim-run", "INPUT_INVALID", 'is "sim-run"', "It is one of runs, jobs, deps, groups; NAME comes after it."],
  ["list jobs sim-rum", "LAB_RUN_UNKNOWN", 'is or begins with "sim-rum"', "Did you mean sim-run?"],
  ["list jobs @no", "LAB_RUN_UNKNOWN", 'no group of the Lab is or begins with "@no"', "The Lab has sim-run, plot-run"],
  ["list groups computer", "LAB_RUN_UNKNOWN", "the Lab has no group @computer", "Did you mean @compute?"],
  ["show job 0", "LAB_JOB_AMBIGUOUS", "2 jobs begin with 0", "Write more characters"],
  ["show job sim-run", "LAB_JOB_AMBIGUOUS", "sim-run has 2 final jobs", "`repx list jobs sim-run` lists them"],
  ["show job 0p out.txt", "INPUT_INVALID", '`repx show job` has no use for "out.txt"', "`repx show output 0p out.txt"],
  ["show output 0p", "INPUT_MISSING", "`repx show output` needs a target", "--target PATH"],
  [
    `show output ${REPX_GEN} lst.txt --target ./target`,
    "INPUT_INVALID",
    "left no file lst.txt",
    "Did you mean list.txt?",
  ],
  [`show output ${REPX_GEN} ../repx/stdout.log --target ./target`, "INPUT_INVALID", "leads out of", "list.txt"],
  [`show output ${REPX_GEN} list.txt --json --target ./target`, "INPUT_INVALID", "not as JSON", "Leave out --json"],
  ["list --lab nowhere", "LAB_MISSING", "nowhere", "nix build"],
])("%s is refused with %s", async (line, code, message, hint) => {
  const { status, stdout, stderr } = await run(line);
  expect([status, stdout]).toEqual([2, ""]);
  const [first = "", second = ""] = stderr.split("\n");
  expect(first).toContain(`error[${code}]: `);
  expect(first).toContain(message);
  expect(second).toMatch(/^ {2}hint: /);
  expect(second).toContain(hint);
});

test("completion offers a Lab's names, jobs last, and says nothing where there is no Lab", async () => {
  expect((await run("complete -- ")).stdout).toMatch(/^init\t.*\nbuild\t/);
  expect((await run("complete -- list jobs s")).stdout).toBe("sim-run\trun of 4 jobs\n");
  expect((await run("complete -- list jobs 0p")).stdout).toBe(`${REPX_SUM}\n`);
  expect((await run("complete -- list jobs --stage ")).stdout).toBe("gen\nsum\nplot\n");
  expect(await run("complete -- list jobs --lab nowhere s")).toEqual({ status: 0, stdout: "", stderr: "" });
});
