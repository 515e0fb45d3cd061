// The program itself: how it is started, what it says on a terminal and in a pipe, and how a shell completes its words.
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { writeRepxLab } from "../../packages/core/src/lab/repx-lab.fixture.ts";
import { runCommand, SYSTEM_PATH, tryCommand, type CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { REPX, runRepx } from "./run-repx.ts";

const NODE = join(REPOSITORY_ROOT, "node_modules/.bin/node");
const MANIFEST: unknown = JSON.parse(await readFile(join(REPOSITORY_ROOT, "packages/cli/package.json"), "utf8"));
const { version: VERSION } = z.object({ version: z.string() }).parse(MANIFEST);

/** In the order of the help. */
const COMMANDS =
  "init build list show trace-params viz run status wait log cancel retry debug-run sync pull gc doctor completions".split(
    " ",
  );

let scratch: ScratchFolder;
beforeAll(async () => {
  scratch = await startScratchFolder();
  await writeRepxLab(join(scratch.path, "rx-lab"));
  await symlink(".", join(scratch.path, "my labs"));
});
afterAll(async () => scratch[Symbol.asyncDispose]());

/** Runs a program on a terminal of 80 columns, and answers all that it wrote there. */
async function runOnTerminal(command: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const argv = ["script", "--quiet", "--return", "--command", `stty columns 80; ${command}`, "/dev/null"];
  const { stdout } = await tryCommand(argv, { environment: { TERM: "xterm", ...environment }, folder: scratch.path });
  return stdout;
}

/** Runs a line of bash where the Lab is. */
async function runCommandLine(line: string): Promise<CommandOutput> {
  return tryCommand(["bash", "-c", line], { folder: scratch.path });
}

/** Completes a line that bash has split into these words, the cursor being at its end. */
async function completeInBash(line: string, split: readonly string[]): Promise<readonly string[]> {
  const program = `
    repx() { "${NODE}" "${REPX}" "$@"; }
    compopt() { :; }
    source <(repx completions bash)
    COMP_LINE=$1 COMP_POINT=\${#1}
    COMP_WORDS=("\${@:2}")
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _repx repx && printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await runCommand(["bash", "-c", program, "bash", line, ...split], { folder: scratch.path });
  return stdout.trimEnd().split("\n");
}

/** Says that it is Node 20, and runs as the one that it is. */
async function writeOldNode(): Promise<string> {
  const path = join(scratch.path, "old-node.mjs");
  await writeFile(
    path,
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });
     Object.defineProperty(process, "version", { value: "v20.20.2" });
     process.argv.splice(1, 1);
     await import(process.argv[1]);`,
  );
  return path;
}

describe("on a Node that is too old", () => {
  test("the one of the project takes over, with the words and the exit status", async () => {
    const old = await writeOldNode();
    expect(await runCommand([NODE, old, REPX, "--version"])).toMatchObject({ stdout: `repx ${VERSION}\n`, stderr: "" });
    expect(await tryCommand([NODE, old, REPX, "list", "--nothing"])).toMatchObject({ exitCode: 2 });
  });

  test("and without one a message says what to do", async () => {
    const old = await writeOldNode();
    await mkdir(join(scratch.path, "bin"));
    await copyFile(REPX, join(scratch.path, "bin/repx.mjs"));
    expect(await tryCommand([NODE, old, join(scratch.path, "bin/repx.mjs")])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringMatching(/^error: repx needs Node 24 or newer; this is v20.20.2\n {2}hint: Run `npm ci`/),
    });
  });
});

test("it starts through a link, from any folder", async () => {
  await symlink(REPX, join(scratch.path, "repx"));
  const environment = { PATH: `${join(REPOSITORY_ROOT, "node_modules/.bin")}:${SYSTEM_PATH}` };
  const { stdout } = await runCommand([join(scratch.path, "repx"), "--version"], { environment, folder: "/" });
  expect(stdout).toBe(`repx ${VERSION}\n`);
});

test("what was translated is kept in a cache folder of one's own alone, and where there is none that is no failure", async () => {
  const cache = join(scratch.path, "cache");
  await mkdir(cache);
  const kept = await runRepx(["--version"], { environment: { XDG_CACHE_HOME: cache } });
  expect([kept.exitCode, await readdir(join(cache, "repx"))]).toEqual([0, ["compiled"]]);
  await rm(join(cache, "repx/compiled"), { recursive: true });
  await chmod(join(cache, "repx"), 0o777);
  await runRepx(["--version"], { environment: { XDG_CACHE_HOME: cache } });
  expect(await readdir(join(cache, "repx"))).toEqual([]);
  const without = await runRepx(["--version"], { environment: { XDG_CACHE_HOME: "/proc" } });
  expect(without).toMatchObject({ exitCode: 0, stdout: `repx ${VERSION}\n`, stderr: "" });
});

test("a reader that has seen enough is no failure", async () => {
  const { stdout, stderr } = await runCommandLine(
    `set -o pipefail; "${NODE}" "${REPX}" --help | true; echo "\${PIPESTATUS[0]}"`,
  );
  expect([stdout, stderr]).toEqual(["0\n", ""]);
});

test("an error is two lines on stderr, and nothing on stdout", async () => {
  expect(await runRepx(["lst"], { folder: scratch.path })).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringMatching(
      /^error\[INPUT_INVALID\]: there is no command "lst"\n {2}hint: Did you mean list\? The commands are .*\.\n$/,
    ),
  });
});

test("a Lab that is not there ends with what to do, and the exit status of its code", async () => {
  const { exitCode, stderr } = await runRepx(["list"], { folder: scratch.path });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error\[LAB_MISSING\]: .* no \.\/result\n {2}hint: Build it with `repx build`, .*\n$/);
});

test("results that cannot be written are an error, not a stack", async () => {
  const { exitCode, stderr } = await runCommandLine(`"${NODE}" "${REPX}" list --lab rx-lab > /dev/full`);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error\[INPUT_INVALID\]: what was asked for cannot be written: ENOSPC.*\n {2}hint: .*\n$/);
});

test.each([
  ["thrown in a callback", 'throw new Error("nobody foresaw this")'],
  ["a promise that nobody waits for", 'void Promise.reject(new Error("nobody foresaw this"))'],
])("a failure that nobody foresaw, %s, is a bug with its stack and exit status 70", async (_, statement) => {
  const early = join(scratch.path, "early.mjs");
  // When the program is ready, and before it does anything.
  const step = `process.on("newListener", (name) => name === "SIGHUP" && setImmediate(() => { ${statement}; }));`;
  await writeFile(early, step);
  const { exitCode, stdout, stderr } = await tryCommand([NODE, "--import", early, REPX, "list", "--lab", "rx-lab"], {
    folder: scratch.path,
  });
  expect([exitCode, stdout]).toEqual([70, ""]);
  expect(stderr).toMatch(/^Error: nobody foresaw this\n {4}at [^]*\nThis is a bug in RepX\. [^\n]*\n$/);
});

test("where nobody reads errors, the exit status is that of the error", async () => {
  const { stdout } = await runCommandLine(
    `"${NODE}" "${REPX}" lst 2> >(exec true); echo $?; "${NODE}" "${REPX}" lst 2> /dev/full; echo $?`,
  );
  expect(stdout).toBe("2\n2\n");
});

test("in a folder that was removed nothing is found, and all else works", async () => {
  const { stdout, stderr } = await runCommandLine(
    `mkdir gone; cd gone; rmdir ../gone; "${NODE}" "${REPX}" list; "${NODE}" "${REPX}" list runs --lab "$OLDPWD/rx-lab"`,
  );
  expect(stderr).toMatch(/^error\[LAB_MISSING\]: /);
  expect(stdout).toContain("sim-run");
});

test("colours are on a terminal, and not with NO_COLOR", async () => {
  const command = `"${NODE}" "${REPX}" list`;
  expect(await runOnTerminal(command)).toContain("\u001b[31merror[LAB_MISSING]:\u001b[39m");
  expect(await runOnTerminal(command, { NO_COLOR: "1" })).toMatch(/^error\[LAB_MISSING\]: /);
});

describe("completions", () => {
  test.each(["bash", "zsh", "fish"])("of %s are a script", async (shell) => {
    const { stdout, exitCode } = await runRepx(["completions", shell]);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^#.*\n/)]);
  });

  test.each<[string, string[]]>([
    ["repx ", COMMANDS],
    ["repx l", ["list", "log"]],
    ["repx list d", ["deps"]],
    ["repx list jobs --status=bl", ["blocked"]],
    ["repx show job x --js", ["--json"]],
    ["repx list jobs --lab rx-lab si", ["sim-run"]],
    ["repx list jobs --lab rx-lab @co", ["@compute"]],
    ["repx show job --lab rx-lab 0p", ["0pkal2l773h3xad28nj3y9nglpg1znxk-sum-1.1"]],
  ])("make bash go on after %j with %j", async (line, words) => {
    // As bash splits a line: = is a word of its own, and so is @.
    const split = line.replaceAll(/[=@]/g, " $& ").split(/ +/);
    expect(await completeInBash(line, split)).toEqual(words);
  });

  test.each([
    ['repx list --lab "my labs/rx-lab" jobs ', ["repx", "list", "--lab", '"my labs/rx-lab"', "jobs", ""], "sim-run"],
    [
      "repx list --lab my\\ labs/rx-lab jobs si",
      ["repx", "list", "--lab", "my\\ labs/rx-lab", "jobs", "si"],
      "sim-run",
    ],
  ])("make bash see one word where a space is quoted: %s", async (line, split, word) => {
    expect(await completeInBash(line, split)).toContain(word);
  });
});
