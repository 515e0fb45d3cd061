import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ActionRunOptions, runAction } from "../harness/action-runner.ts";
import { parseRunnerFile } from "../harness/runner-files.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { openCommandReader } from "../harness/workflow-commands.ts";

const ACTION = `name: toy
inputs:
  name: { required: true }
  greeting: { default: Hello }
  github-token: { default: "\${{ github.token }}" }
runs: { using: node24, main: main.mjs, post: post.mjs }
`;

const MAIN = `import { appendFileSync as add, readFileSync } from "node:fs";
const e = process.env;
console.log("::add-mask::s3cret"); console.log("the s3cret is out"); console.error("token " + e["INPUT_GITHUB-TOKEN"]);
console.log("::error title=BAD_THING,file=a.ts,line=3::first%0Asecond 100%25 s3cret");
add(e.GITHUB_OUTPUT, "text<<D1\\nline 1\\nline 2\\nD1\\nsimple=1\\n");
add(e.GITHUB_STATE, "pid<<D2\\n42\\nD2\\n"); add(e.GITHUB_ENV, "ADDED=yes\\n"); add(e.GITHUB_PATH, "/extra/bin\\n");
add(e.GITHUB_STEP_SUMMARY, "# " + e.INPUT_GREETING + " " + e.INPUT_NAME + "\\n");
const event = JSON.parse(readFileSync(e.GITHUB_EVENT_PATH, "utf8"));
console.log(JSON.stringify({ node: process.version, number: event.number, repo: e.GITHUB_REPOSITORY, leak: e.LEAK ?? null, extra: e.EXTRA, cwd: process.cwd() === e.GITHUB_WORKSPACE }));
process.exit(3);
`;

const POST = `console.log("post " + process.env.STATE_pid + " " + process.env.ADDED + " " + process.env.PATH.startsWith("/extra/bin:"));`;

async function writeAction(folder: string, main: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "action.yml"), ACTION);
  await writeFile(join(folder, "main.mjs"), main);
  await writeFile(join(folder, "post.mjs"), POST);
  return folder;
}

async function optionsFor(folder: string, main: string): Promise<ActionRunOptions> {
  const context = {
    repository: "lab/study",
    sha: "a".repeat(40),
    ref: "refs/pull/5/merge",
    actor: "octocat",
    eventName: "pull_request",
    event: { number: 5 },
    apiUrl: "http://127.0.0.1:1",
    token: "ghs_hidden",
  };
  return {
    action: await writeAction(join(folder, "action"), main),
    folder: join(folder, "run"),
    inputs: { name: "Ada" },
    context,
  };
}

test("runs main and post in a clean environment and reads all that they leave", async () => {
  await using scratch = await startScratchFolder();
  const lines: string[] = [];
  process.env["LEAK"] = "must not arrive";
  const options = await optionsFor(scratch.path, MAIN);
  const run = await runAction({ ...options, environment: { EXTRA: "1" }, onLine: (line) => lines.push(line) });
  delete process.env["LEAK"];

  expect(run).toMatchObject({
    exitCode: 3,
    orphans: [],
    postExitCode: 0,
    state: { pid: "42" },
    summary: "# Hello Ada\n",
  });
  expect(run.outputs).toEqual({ text: "line 1\nline 2", simple: "1" });
  expect(run.annotations).toEqual([
    { level: "error", title: "BAD_THING", file: "a.ts", line: 3, message: "first\nsecond 100% ***" },
  ]);
  expect(run.log).toContain("the *** is out");
  expect(run.log).toContain("token ***");
  expect(run.log).toMatch(/"node":"v24\.[^}]*"number":5,"repo":"lab\/study","leak":null,"extra":"1","cwd":true/);
  expect(run.log.split("\n").at(-1)).toBe("post 42 yes true");
  expect(lines.join("\n")).toBe(run.log);
  expect(run.log).not.toMatch(/s3cret|ghs_hidden|add-mask/);
});

test("cancels main with SIGINT and still runs post", async () => {
  await using scratch = await startScratchFolder();
  const main = `process.on("SIGINT", () => { console.log("stopped"); process.exit(130); }); console.log("ready"); setInterval(() => {}, 1000);`;
  const abort = new AbortController();
  const onLine = (line: string) => line === "ready" && abort.abort();
  const run = await runAction({
    ...(await optionsFor(scratch.path, main)),
    signal: abort.signal,
    onLine: (line) => void onLine(line),
  });
  expect(run).toMatchObject({ exitCode: 130, postExitCode: 0 });
  expect(run.log).toContain("ready\nstopped\npost");
});

test("kills an action that runs too long and says so", async () => {
  await using scratch = await startScratchFolder();
  const run = await runAction({
    ...(await optionsFor(scratch.path, "setInterval(() => {}, 1000);")),
    timeoutSeconds: 1,
  });
  expect(run.exitCode).toBe(1);
  expect(run.annotations.map((one) => one.message)).toEqual(["The action ran longer than 1 s"]);
});

test("ends what an action leaves running, as the runner does, and names it", async () => {
  await using scratch = await startScratchFolder();
  const main = `import { spawn } from "node:child_process";
spawn("sleep", ["300"], { detached: true, stdio: "inherit" }).unref(); console.log("done");`;
  const run = await runAction(await optionsFor(scratch.path, main));
  expect(run).toMatchObject({ exitCode: 0, orphans: ["sleep"] });
  expect(run.log).toContain("done");
});

test("warns of an input that the action does not have", async () => {
  await using scratch = await startScratchFolder();
  const options = await optionsFor(scratch.path, "");
  const run = await runAction({ ...options, inputs: { nmae: "x" } });
  expect(run.annotations).toMatchObject([{ level: "warning", message: "Unexpected input(s) 'nmae'" }]);
});

test("takes no command while commands are stopped, and hides each line of a secret", () => {
  const reader = openCommandReader(["first line\nsecond line"]);
  for (const line of ["::stop-commands::tok", "::error::not one", "::tok::", "::notice::one", "a second line"])
    reader.read(line);
  expect(reader.annotations).toEqual([{ level: "notice", message: "one" }]);
  expect(reader.log).toEqual(["::error::not one", "##[notice]one", "a ***"]);
});

test("refuses an output block without its end", () => {
  expect(() => parseRunnerFile("a<<END\n1\n")).toThrow("the closing END is missing");
});
