import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import * as z from "zod";
import { COMMENT_MARKER } from "@repx/core/model";
import type { ActionRun } from "../harness/action-runner.ts";
import type { CheckRun } from "../harness/github-emulator.ts";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { Experiment, World } from "../harness/world.ts";

// The first ten minutes of every user: no coordinator and no App, the job's own token alone.

const MAY_REPORT = { contents: "read", metadata: "read", checks: "write", pull_requests: "write" } as const;
const MAY_READ = { contents: "read", metadata: "read" } as const;

let world: World;
let experiment: Experiment;

beforeAll(async () => {
  world = await makeTemporaryWorld("own-token");
  experiment = await openExperiment("own-token");
});
afterAll(async () => world[Symbol.asyncDispose]());

async function openExperiment(branch: string): Promise<Experiment> {
  const opened = await world.openExperiment(branch);
  await writeFile(
    join(opened.checkout.folder, "machine.toml"),
    [
      "[targets.machine]",
      `address = "${world.user.name}@${world.ssh.host}"`,
      `port = ${world.ssh.port}`,
      `base_path = "${world.basePath}"`,
      'default_scheduler = "local"',
      "local = { local_concurrency = 2 }",
      "",
    ].join("\n"),
  );
  return opened;
}

const INPUTS = { config: "machine.toml", target: "machine", coordinator: "", wait: "true" } as const;

async function readOwnComments(number: number): Promise<string[]> {
  const first = await world.github.request("GET", listPath(number, 1));
  const second = await world.github.request("GET", listPath(number, 2));
  const pages = [first, second].map((page) => z.array(z.looseObject({ body: z.string() })).parse(page));
  return pages
    .flat()
    .map(({ body }) => body)
    .filter((body) => body.startsWith(COMMENT_MARKER));
}

function listPath(number: number, page: number): string {
  return `/repos/${world.github.fullName}/issues/${number}/comments?per_page=100&page=${page}`;
}

function readConclusions(checks: readonly CheckRun[]): Record<string, string | null> {
  return Object.fromEntries(checks.map(({ name, conclusion }) => [name, conclusion]));
}

test("I-50: the step follows the jobs itself and writes checks on the head commit, and one comment", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const token = await world.github.createInstallationToken(MAY_REPORT);
  const seen: Promise<CheckRun[]>[] = [];
  const { headSha, number } = experiment.pullRequest;
  const run = await world.runAction(experiment, {
    inputs: INPUTS,
    token,
    onLine: (line) => {
      if (/^jobs .* %/.test(line)) seen.push(world.github.readCheckRuns(headSha));
    },
  });
  expect(run.exitCode, run.log).toBe(0);
  expect(run.log).not.toContain(token);
  const during = (await Promise.all(seen))[0];
  expect(during?.map(({ status }) => status)).toEqual(["in_progress", "in_progress"]);
  const checks = await world.github.readCheckRuns(headSha);
  expect(readConclusions(checks)).toEqual({ "repx / simulation": "success", "repx / analysis": "success" });
  expect(checks.map((check) => check.external_id)).toEqual([run.outputs["submission"], run.outputs["submission"]]);
  expect(checks.map((check) => check.details_url)).toEqual([1, 2].map(() => run.outputs["url"]));
  const comments = await readOwnComments(number);
  expect(comments).toHaveLength(1);
  expect(comments[0]).toContain("**2 of 2 experiments passed**");
  expect(comments[0]).toMatch(/\| threshold-1\.0 \| percolation.* ± /);
  expect(run.outputs).toMatchObject({ jobs: "16", submitted: "16", reused: "0", passed: "true" });
  expect(JSON.parse(run.outputs["verdicts"] ?? "")).toHaveProperty("simulation");
  expect(run.summary).toContain("### analysis");
});

test("I-25: what was computed before is reported at once, in the comment that stands on the second page", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const crowded = await openExperiment("crowded");
  const { number, headSha } = crowded.pullRequest;
  const path = `/repos/${world.github.fullName}/issues/${number}/comments`;
  // A person's comment that begins as ours do is not ours.
  const person = `${COMMENT_MARKER}\nmine`;
  await world.github.request("POST", path, { body: { body: person } });
  for (let nth = 0; nth < 101; nth += 1) await world.github.request("POST", path, { body: { body: `word ${nth}` } });
  const token = await world.github.createInstallationToken(MAY_REPORT);
  const options = { inputs: { ...INPUTS, wait: "false", comment: "always" }, token };
  const first = await world.runAction(crowded, options);
  expect(first.exitCode, first.log).toBe(0);
  expect(first.outputs).toMatchObject({ submitted: "0", reused: "16", passed: "true" });
  expect(readConclusions(await world.github.readCheckRuns(headSha))).toHaveProperty("repx / analysis", "success");
  await world.runAction(crowded, options);
  const comments = await readOwnComments(number);
  expect(comments.filter((body) => body === person)).toHaveLength(1);
  expect(comments.filter((body) => body.includes("passed**"))).toHaveLength(1);
});

async function runRefused(event?: Readonly<Record<string, unknown>>): Promise<ActionRun> {
  const opened = await openExperiment(`refused-${event === undefined ? "own" : "fork"}`);
  const token = await world.github.createInstallationToken(MAY_READ);
  const payload = event ?? opened.pullRequest.event;
  const run = await world.runAction(opened, { inputs: INPUTS, token, event: { name: "pull_request", payload } });
  expect(await world.github.readCheckRuns(opened.pullRequest.headSha)).toEqual([]);
  return run;
}

test("a job without the permissions is told once which to add, and the summary has all", async () => {
  const run = await runRefused();
  expect(run.exitCode, run.log).toBe(0);
  expect(run.annotations.map(({ level, title }) => ({ level, title }))).toEqual([
    { level: "warning", title: "GITHUB_REFUSED" },
  ]);
  expect(run.annotations[0]?.message).toContain("  checks: write\n  pull-requests: write");
  expect(run.summary).toContain("| simulation |");
});

test("I-33: a pull request from a fork, whose token can only read, is no failure", async () => {
  const { event } = experiment.pullRequest;
  const pull = z.looseObject({ head: z.looseObject({}) }).parse(event["pull_request"]);
  const head = { ...pull.head, repo: { full_name: "someone/percolation" } };
  const run = await runRefused({ ...event, pull_request: { ...pull, head } });
  expect(run.exitCode, run.log).toBe(0);
  expect(run.annotations.map(({ level }) => level)).toEqual(["notice"]);
  expect(run.annotations[0]?.message).toContain("from a fork");
  expect(run.summary).toContain("### simulation");
});

test("a stage that fails fails the step and its check, and the comment says so", async () => {
  onTestFailed(async () => console.log(await world.readLogs()));
  const broken = await openExperiment("broken");
  await broken.checkout.edit("simulation/percolation.nix", (text) =>
    text.replace(/^( *)awk -v L=/m, '$1echo "no lattice today" >&2; exit 3\n$1awk -v L='),
  );
  const token = await world.github.createInstallationToken(MAY_REPORT);
  const run = await world.runAction(broken, { inputs: { ...INPUTS, comment: "on-failure" }, token });
  expect(run.exitCode, run.log).toBe(1);
  expect(run.outputs["passed"]).toBe("false");
  expect(run.annotations.map(({ title }) => title)).toEqual(["repx / simulation", "repx / analysis"]);
  expect(run.summary).toContain("no lattice today");
  const checks = await world.github.readCheckRuns(broken.pullRequest.headSha);
  expect(readConclusions(checks)).not.toHaveProperty("repx / simulation", "success");
  expect(checks.find(({ name }) => name === "repx / simulation")?.output.text).toContain("no lattice today");
  expect(await readOwnComments(broken.pullRequest.number)).toHaveLength(1);
});

test("without `wait` the step submits and says plainly that nothing will report", async () => {
  const silent = await openExperiment("silent");
  await silent.checkout.edit("simulation/percolation.nix", (text) =>
    text.replace(/^( *)awk -v L=/m, "$1: silent\n$1awk -v L="),
  );
  const run = await world.runAction(silent, { inputs: { ...INPUTS, wait: "false" }, token: "ghs_never-used" });
  expect(run.exitCode, run.log).toBe(0);
  expect(run.outputs["submitted"]).toBe("16");
  expect(run.summary).toContain("**Nothing will report how they end**");
  expect(run.summary).toContain(`repx status ${run.outputs["submission"]} --target machine`);
  expect(run.annotations.map(({ level }) => level)).toEqual(["notice"]);
  expect(await world.github.readCheckRuns(silent.pullRequest.headSha)).toEqual([]);
});
