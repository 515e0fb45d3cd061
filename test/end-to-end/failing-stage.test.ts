import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { CheckRun } from "../harness/github-emulator.ts";
import { makeTemporaryWorld } from "../harness/temporary-world.ts";
import type { World } from "../harness/world.ts";

const STAGE = "simulation/percolation.nix";

/** The stage as a researcher breaks it: the largest lattice is refused, with a word on stderr. */
function breakStage(text: string): string {
  const broken = text.replace(
    /^( *)awk -v L=/m,
    '$1if [ "${parameters.lattice_size}" = 64 ]; then echo "cannot allocate a lattice of 64" >&2; exit 3; fi\n$1awk -v L=',
  );
  if (broken === text) throw new Error(`${STAGE} does not look as this test expects`);
  return broken;
}

let world: World;
let checks: Map<string, CheckRun>;

beforeAll(async () => {
  world = await makeTemporaryWorld("failing-stage");
  const experiment = await world.openExperiment("broken");
  await experiment.checkout.edit(STAGE, breakStage);
  const run = await world.runAction(experiment);
  if (run.exitCode !== 0) throw new Error(run.log);
  const found = await world.waitForChecks(experiment.pullRequest.headSha, 2);
  checks = new Map(found.map((check) => [check.name, check]));
});
afterAll(async () => world[Symbol.asyncDispose]());

const showLogs = (): void => onTestFailed(async () => console.log(await world.readLogs()));

test("the run with the failing stage is failed, and says how many of its jobs and how", () => {
  showLogs();
  expect(checks.get("repx / simulation")).toMatchObject({
    conclusion: "failure",
    output: { title: "failed: 5 of 15 jobs" },
  });
});

test("its check lists the failed jobs with their parameters and exit code", () => {
  const summary = checks.get("repx / simulation")?.output.summary ?? "";
  expect(summary.match(/lattice_size=64 seed=[1-5] sites=160000/g)).toHaveLength(5);
  expect(summary).not.toContain("lattice_size=16");
  expect(summary).toContain("failed, exit code 3");
});

test("the last lines of a failed job's log stand in the check's text", () => {
  expect(checks.get("repx / simulation")?.output.text).toContain("cannot allocate a lattice of 64");
});

test("the run that needed it was not started, does not pass, and names the cause", () => {
  const check = checks.get("repx / analysis");
  expect(check).toMatchObject({
    conclusion: "failure",
    output: { title: "failed: 1 of 1 job not run, an upstream job failed" },
  });
  expect(check?.output.summary).toContain("upstream: percolation-1.0 failed, exit code 3");
});

test("a run that needs it softly runs when its jobs have ended, with what there is", async () => {
  showLogs();
  const experiment = await world.openExperiment("tolerant");
  await experiment.checkout.edit(STAGE, breakStage);
  await experiment.checkout.edit("analysis/default.nix", (text) =>
    text.replace("[ simulation ]", '[ [ simulation "soft" ] ]'),
  );
  await experiment.checkout.edit("analysis/threshold.nix", (text) =>
    text.replace('/threshold.tsv"', '/threshold.tsv" || true'),
  );
  const run = await world.runAction(experiment);
  expect(run, run.log).toMatchObject({ exitCode: 0, outputs: { jobs: "16", reused: "10" } });
  const found = await world.waitForChecks(experiment.pullRequest.headSha, 2);
  expect(found.map(({ name, conclusion }) => `${name}: ${conclusion}`).toSorted()).toEqual([
    "repx / analysis: success",
    "repx / simulation: failure",
  ]);
});
