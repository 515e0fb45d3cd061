// A laptop: the target is a folder of this machine, named on the command line, and nothing is configured.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { SYSTEM_PATH, tryCommand, type CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder, type ScratchFolder } from "../harness/scratch-folder.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { GENERATE_1, GENERATE_2, PLOT, SUM } from "../../packages/core/src/lab/lab.fixture.ts";
import { REPX, runRepx } from "./run-repx.ts";
import { type JobScripts, writeScriptedLab } from "./scripted-lab.ts";

let scratch: ScratchFolder;
const labs = new AsyncDisposableStack();

beforeAll(async () => {
  scratch = await startScratchFolder();
});
beforeEach(async () => {
  await repx("cancel").catch(() => undefined);
  await rm(join(scratch.path, "base"), { recursive: true, force: true });
  await mkdir(join(scratch.path, "base"));
});
afterAll(async () => {
  // An agent with nothing to do ends soon by itself; until then it looks into its folder.
  await repx("cancel").catch(() => undefined);
  await labs.disposeAsync();
  await scratch[Symbol.asyncDispose]();
});

const repx = async (...words: readonly string[]): Promise<CommandOutput> =>
  runRepx([...words, "--target", "./base"], { folder: scratch.path, environment: { REPX_TICK_SECONDS: "1" } });

const makeLab = async (scripts: Partial<JobScripts>): Promise<string> =>
  labs.use(await writeScriptedLab(scripts)).folder;

const Told = z.object({ jobs: z.array(z.object({ id: z.string(), state: z.string() })) });

function readStates({ stdout }: Pick<CommandOutput, "stdout">): Record<string, string> {
  return Object.fromEntries(Told.parse(JSON.parse(stdout)).jobs.map(({ id, state }) => [id, state]));
}

test("a run is waited for, its log can be read, and it is not run twice", async () => {
  const lab = await makeLab({ sum: "echo the sum is 42" });
  const ran = await repx("run", "--lab", lab, "--wait", "--json");
  expect(ran.exitCode, ran.stderr).toBe(0);
  const all = { [GENERATE_1]: "succeeded", [GENERATE_2]: "succeeded", [SUM]: "succeeded", [PLOT]: "succeeded" };
  expect(readStates(ran)).toEqual(all);
  expect(readStates(await repx("status", "--json"))).toEqual(all);
  expect((await repx("log", SUM)).stdout).toBe("the sum is 42\n");
  expect((await repx("log", SUM, "-f")).stdout).toBe("the sum is 42\n");
  expect((await repx("run", "--lab", lab)).stdout).toMatch(/^All 4 jobs of .* have succeeded already on base/);
});

test("what failed is tried again, and nothing else", async () => {
  const mended = join(scratch.path, "mended");
  const lab = await makeLab({ generate1: `date +%s%N >>"$1/../../when"`, generate2: `[ -e ${mended} ] || exit 3` });
  const first = await repx("run", "--lab", lab, "simulation", "--wait", "--json");
  expect([first.exitCode, readStates(first)]).toEqual([
    1,
    { [GENERATE_1]: "succeeded", [GENERATE_2]: "failed", [SUM]: expect.stringMatching(/cancelled|skipped/) },
  ]);
  await writeFile(mended, "");
  const again = await repx("retry", "--wait", "--json");
  expect(readStates(again)).toMatchObject({ [GENERATE_2]: "succeeded", [SUM]: "succeeded" });
  expect(again.exitCode).toBe(0);
  const { stdout } = await tryCommand(["cat", join(scratch.path, "base/outputs", "when")]);
  expect(stdout.trim().split("\n")).toHaveLength(1);
});

test("a single job is cancelled, and those that need it do not run", async () => {
  const lab = await makeLab({ generate1: "sleep 300" });
  expect((await repx("run", "--lab", lab, "simulation")).exitCode).toBe(0);
  expect((await repx("cancel", GENERATE_1)).exitCode).toBe(0);
  const waited = await repx("wait", "--json");
  expect([waited.exitCode, readStates(waited)]).toEqual([
    1,
    { [GENERATE_1]: "cancelled", [GENERATE_2]: "succeeded", [SUM]: expect.stringMatching(/cancelled|skipped/) },
  ]);
});

test("while its jobs have not ended a submission is open for gc, which asks no SLURM of them", async () => {
  const lab = await makeLab({ generate1: "sleep 300" });
  const { stdout } = await repx("run", "--lab", lab, "simulation", "--json");
  const { submission } = z.object({ submission: z.string() }).parse(JSON.parse(stdout));
  const listOpen = async (): Promise<readonly string[]> => {
    const told = await repx("gc", "--dry-run", "--json");
    const { open } = z.object({ open: z.array(z.string()) }).parse(JSON.parse(told.stdout));
    return open;
  };
  expect(await listOpen()).toEqual([submission]);
  await repx("cancel");
  await waitUntil(
    { what: "nothing to be open", timeoutSeconds: 60, intervalMs: 1000 },
    async () => (await listOpen()).length === 0,
  );
  expect(await listOpen()).toEqual([]);
});

test("Ctrl-C ends every job of a run that is waited for, with all their children", async () => {
  const seconds = `3${process.pid}.25`;
  const lab = await makeLab({ generate1: `sh -c 'sleep ${seconds} & wait'`, generate2: `exec sleep ${seconds}` });
  const child = spawn(REPX, ["run", "--lab", lab, "--wait", "--json", "--target", "./base"], {
    cwd: scratch.path,
    env: { HOME: "/nonexistent", PATH: `${join(REPOSITORY_ROOT, "node_modules/.bin")}:${SYSTEM_PATH}` },
    timeout: 100_000,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    const isFirst = !stderr.includes("2 running");
    stderr += text;
    if (isFirst && stderr.includes("2 running")) child.kill("SIGINT");
  });
  const [status] = await once(child, "close");
  expect({ status, stderr }).toEqual({ status: 130, stderr: expect.stringContaining("Cancelling the jobs.") });
  expect(new Set(Object.values(readStates({ stdout })))).toEqual(new Set(["cancelled"]));
  expect((await tryCommand(["pgrep", "-f", `sleep ${seconds}`])).stdout).toBe("");
}, 120_000);
