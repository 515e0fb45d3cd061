// From nothing to results: `repx init`, `repx build`, and what the others say of the Lab.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, lstat, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { SYSTEM_PATH, type CommandOutput } from "../harness/command.ts";
import { readActionManifest } from "../harness/action-manifest.ts";
import { nixEnvironment } from "../harness/nix-environment.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { startLabBuilder, type LabBuilder } from "../nix/build-lab.ts";
import { REPX, runRepx } from "./run-repx.ts";

let builder: LabBuilder;
let project: string;

beforeAll(async () => {
  builder = await startLabBuilder();
  project = join(builder.folder, "study");
  succeed(await repx("init", "study", { folder: builder.folder }));
  const inputs = ["repx", `path:${builder.folder}/library`, "nixpkgs", `path:${builder.folder}/packages`];
  const overrides = [0, 2].flatMap((at) => ["--override-input", ...inputs.slice(at, at + 2)]);
  succeed(await builder.nix("flake", "lock", `path:${project}`, ...overrides));
  succeed(await repx("build"));
});
afterAll(async () => builder[Symbol.asyncDispose]());

function succeed({ exitCode, stderr }: CommandOutput): void {
  if (exitCode !== 0) throw new Error(`ended with ${exitCode}\n${stderr}`);
}

function nameOutput(id = ""): string {
  return join(builder.folder, "target/outputs", id, "out");
}

async function repx(...words: (string | { readonly folder: string })[]): Promise<CommandOutput> {
  const args = words.filter((word) => typeof word === "string");
  const { folder } = words.find((word) => typeof word !== "string") ?? { folder: project };
  return runRepx(args, { folder, environment: nixEnvironment(builder.folder) });
}

const Built = z.object({
  hash: z.string(),
  folder: z.string(),
  link: z.string(),
  jobs: z.number(),
  runs: z.array(z.object({ name: z.string(), jobs: z.number() })),
});
const Jobs = z.array(z.object({ id: z.string(), stage: z.string(), params: z.record(z.string(), z.json()) }));

test("a project that was just begun builds to a Lab of twelve jobs, and a link leads to it", async () => {
  const { stdout, exitCode } = await repx("build", "--json");
  expect(exitCode).toBe(0);
  const built = Built.parse(JSON.parse(stdout));
  expect(built).toMatchObject({ jobs: 12, runs: [{ name: "study", jobs: 12 }], link: join(project, "result") });
  expect(await readlink(built.link)).toBe(built.folder);
});

test("a build says what it made", async () => {
  const { stdout } = await repx("build", "--out-link", "lab");
  const [title, ...lines] = stdout.trimEnd().split("\n");
  expect(title).toMatch(/^Lab [0-9a-z]{8}: 1 run, 12 jobs \(Nix [0-9.]+, [0-9.]+ s\)$/);
  expect(lines.slice(0, 2)).toEqual(["  RUN    JOBS", "  study    12"]);
  expect(lines.at(-1)).toMatch(/^lab -> .*-lab$/);
  expect((await lstat(join(project, "lab"))).isSymbolicLink()).toBe(true);
});

test("the project's jobs run, and estimate pi", async () => {
  const jobs = Jobs.parse(
    JSON.parse((await repx("list", "jobs", "-p", "points=100000", "-p", "seed=2", "--json")).stdout),
  );
  expect(jobs.map(({ stage }) => stage)).toEqual(["sample", "estimate"]);
  const [sample, estimate] = jobs;
  for (const [job, inputs] of [
    [sample, {}],
    [estimate, { counts: join(nameOutput(sample?.id), "counts.tsv") }],
  ] as const) {
    const script = join(project, "result/jobs", job?.id ?? "", "bin", job?.stage ?? "");
    const files = { out: nameOutput(job?.id), inputs: JSON.stringify(inputs), parameters: JSON.stringify(job?.params) };
    expect(await builder.runScript(script, files)).toMatchObject({ exitCode: 0 });
  }
  const metrics: unknown = JSON.parse(await readFile(join(nameOutput(estimate?.id), "metrics.json"), "utf8"));
  const { pi, points } = z.object({ pi: z.number(), points: z.number() }).parse(metrics);
  expect(points).toBe(100_000);
  expect(Math.abs(pi - Math.PI)).toBeLessThan(0.03);
});

test("its workflow gives the Action inputs that it has, and the project's run", async () => {
  const text = await readFile(join(project, ".github/workflows/experiment.yml"), "utf8");
  const Workflow = z.object({
    on: z.literal("pull_request"),
    permissions: z.object({ "id-token": z.literal("write"), contents: z.literal("read") }),
    jobs: z.object({ submit: z.object({ steps: z.array(z.looseObject({ uses: z.string() })) }) }),
  });
  const { steps } = Workflow.parse(parse(text)).jobs.submit;
  const step = z
    .object({ with: z.record(z.string(), z.string()) })
    .parse(steps.find(({ uses }) => uses.startsWith("repx/action@")));
  const { inputNames } = await readActionManifest(REPOSITORY_ROOT);
  expect(Object.keys(step.with).filter((name) => !inputNames.has(name))).toEqual([]);
  expect(step.with["runs"]).toBe("study");
});

test("a flake that does not build ends with Nix's reason and its last lines", async () => {
  const broken = join(builder.folder, "broken");
  await repx("init", broken);
  await writeFile(
    join(broken, "flake.nix"),
    '{ outputs = { self }: { packages.x86_64-linux.default = throw "no wind"; }; }',
  );
  const { exitCode, stdout, stderr } = await repx("build", { folder: broken });
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("error[NIX_BUILD_FAILED]: ");
  expect(stderr).toContain("no wind");
});

test("what the library refuses is told once: the code, the place, what would have been right", async () => {
  const wrong = join(builder.folder, "wrong");
  await cp(project, wrong, { recursive: true, filter: (path) => basename(path) !== "result" });
  const run = join(wrong, "experiment/run.nix");
  await writeFile(run, (await readFile(run, "utf8")).replace("seed =", "sead ="));
  expect(await repx("build", { folder: wrong })).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringMatching(
      /^error\[NIX_BUILD_FAILED\]: .*error\[LAB_PARAMETER_UNDECLARED\]: at run study\.parameters: .* sead\n {2}hint: .*points, seed\n$/,
    ),
  });
});

test("a build does not replace a file of one's own, and does not take a Lab for a flake", async () => {
  expect(await repx("build", "--out-link", "README.md")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("README.md is there, and is not a link that could be replaced"),
  });
  expect(await repx("build", "result", "--out-link", "other")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("result is a Lab already"),
  });
});

test("Ctrl-C ends the build that was started", async () => {
  const slow = join(builder.folder, "slow");
  await mkdir(slow);
  // The shell's own name tells its process from any other.
  await writeFile(
    join(slow, "flake.nix"),
    `{ inputs.packages.url = "path:${builder.folder}/packages";
       outputs = { self, packages }: let inherit (packages.legacyPackages.x86_64-linux) busybox; in {
         packages.x86_64-linux.default = derivation {
           name = "slow"; system = "x86_64-linux"; builder = "\${busybox}/bin/sh";
           args = [ "-c" "\${busybox}/bin/sleep 1000; true" "${slow}" ];
         }; }; }`,
  );
  const PATH = `${join(REPOSITORY_ROOT, "node_modules/.bin")}:${SYSTEM_PATH}`;
  const env = { ...nixEnvironment(builder.folder), PATH };
  const child = spawn(REPX, ["build"], { cwd: slow, env, stdio: "ignore" });
  const ended = once(child, "exit");
  await waitUntil({ what: "the builder to begin", timeoutSeconds: 30 }, async () => hasProcess(slow));
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  await waitUntil({ what: "the builder to end", timeoutSeconds: 30 }, async () => !(await hasProcess(slow)));
});

/** Whether a process has this word on its command line; one that has ended has none. */
async function hasProcess(word: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.some((line) => line.split("\0").includes(word));
}
