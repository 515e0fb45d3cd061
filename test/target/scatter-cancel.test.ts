import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cancelSubmission } from "../../packages/core/src/schedule/cancel-submission.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { DIAMOND, type PartsStand, type Started, startPartsStand } from "./parts-stand.ts";
import { readRows } from "./submit-stand.ts";

// What cuts a scatter-gather job off on a real cluster: a cancellation, a kill, a requeue, a site that lets no node submit.

let stand: PartsStand;

beforeAll(async () => void (stand = await startPartsStand("/tmp/repx-scatter-cut-test")));
afterAll(async () => stand?.[Symbol.asyncDispose]());

const LONG = { extract: `touch "$1/began"; sleep 300` };

async function waitForFile(path: string): Promise<void> {
  await waitUntil({ what: path, timeoutSeconds: 40, intervalMs: 200 }, async () => existsSync(path));
}

async function waitForQuiet({ submission }: Started): Promise<void> {
  await waitUntil({ what: "nothing to be left in SLURM", timeoutSeconds: 30, intervalMs: 200 }, async () => {
    return (await stand.listLive(submission)).length === 0;
  });
}

/** Ends without why and by whom a job was cancelled, but for what SLURM itself cancelled. */
const readStates = async (started: Started): Promise<readonly string[]> =>
  (await started.waitForEnds()).map((end) => end.replace(/^(CANCELLED) (?!DependencyNever).*$/, "$1"));

/** What stands before SLURM's sbatch, for work items alone: `$id` is the array that was submitted. */
async function wrapItems(script: string): Promise<void> {
  await stand.wrapProgram("sbatch", `case "$*" in *items.sh*) ;; *) exec /usr/bin/sbatch "$@" ;; esac\n${script}`);
}

test("cancelling reaches the items that run, and the gather that waits for them", async () => {
  const started = await stand.start([{ scripts: LONG }]);
  await waitForFile(join(started.sums[0]?.folder ?? "", "branch-1/step-extract/out/began"));
  await cancelSubmission(stand.transport, started.submission.place);
  await waitForQuiet(started);
  expect(await readStates(started)).toEqual(["CANCELLED", "CANCELLED"]);
});

test("cancelling one job reaches its parts, and none of the other's in the same arrays", async () => {
  const slow = { extract: `touch "$1/began"; sleep 3; echo 5 >"$1/x"` };
  const started = await stand.start([{ scripts: LONG }, { scripts: slow }]);
  const [cancelled, kept] = started.sums;
  for (const sum of started.sums) await waitForFile(join(sum.folder, "branch-0/step-extract/out/began"));
  const row = (await readRows(started.submission.folder)).find(([, id]) => id === cancelled?.job.id);
  await cancelSubmission(stand.transport, started.submission.place, [row?.[0] ?? ""]);
  expect(await readStates(started)).toEqual(["CANCELLED", "COMPLETED 0", "CANCELLED DependencyNeverSatisfied"]);
  expect(await kept?.read("out/sums")).toBe("35\n35\n35\n");
  await waitForQuiet(started);
});

test("cancelling while the scatter runs leaves nothing", async () => {
  const started = await stand.start([{ scripts: { scatter: `touch "$1/began"; sleep 300` } }]);
  await waitForFile(join(started.sums[0]?.folder ?? "", "scatter/out/began"));
  await cancelSubmission(stand.transport, started.submission.place);
  await waitForQuiet(started);
  expect(await readStates(started)).toEqual(["CANCELLED", "CANCELLED"]);
});

test("cancelling while the scatter submits leaves no array behind, whatever it had in flight", async () => {
  const mark = join(stand.target.user.home, "submitting");
  await rm(mark, { force: true });
  // The id that SLURM gave is never told.
  await wrapItems(`/usr/bin/sbatch "$@" >/dev/null; touch ${mark}; sleep 300`);
  const started = await stand.start([{ scripts: LONG }]);
  await waitForFile(mark);
  await cancelSubmission(stand.transport, started.submission.place);
  await waitForQuiet(started);
  await stand.unwrapProgram("sbatch");
  expect(await readStates(started)).toEqual(["CANCELLED", "CANCELLED"]);
});

test("a scatter that is killed when SLURM has its array and nobody the id leaves no array behind", async () => {
  await wrapItems(`/usr/bin/sbatch "$@" >/dev/null
for pid in $(pgrep -f "repx-part ${stand.target.base} .*scatter"); do kill -9 "$pid"; done`);
  const started = await stand.start([{ scripts: LONG }]);
  expect(await started.waitForEnds()).toEqual(["FAILED NonZeroExitCode", "CANCELLED DependencyNeverSatisfied"]);
  await stand.unwrapProgram("sbatch");
  expect(await started.sums[0]?.read("repx/stderr.log")).toContain("the scatter left no word of its end");
  await waitForQuiet(started);
  // None of its tasks has begun.
  const [array = ""] = await stand.listItems(started.submission);
  const { stdout } = await stand.cluster.run(["squeue", "-h", "-r", "-t", "all", "-j", array, "-o", "%T %r"]);
  expect(new Set(stdout.trim().split("\n"))).toEqual(new Set(["CANCELLED DependencyNeverSatisfied"]));
});

test("a scatter that is requeued while it submits doubles no items and loses none", async () => {
  const mark = join(stand.target.user.home, "requeued");
  await rm(mark, { force: true });
  await wrapItems(`[ ! -e ${mark} ] || exec /usr/bin/sbatch "$@"
touch ${mark}
/usr/bin/sbatch "$@" >/dev/null
for word; do case $word in --dependency=afterok:*) scontrol requeue "\${word#*:}" ;; esac; done
sleep 300`);
  const started = await stand.start([{ options: ["--requeue"] }]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  await stand.unwrapProgram("sbatch");
  const [sum] = started.sums;
  expect(await sum?.read("out/sums")).toBe("3\n8\n15\n");
  expect(await stand.listItems(started.submission)).toHaveLength(1);
  for (const branch of [0, 1, 2]) expect(await sum?.readRuns(`branch-${branch}/step-extract/out`)).toHaveLength(1);
  expect(await sum?.readRuns("scatter/out")).toHaveLength(1);
});

test("an item and a gather that are requeued go on with what they have", async () => {
  // The first attempt of each waits to be requeued.
  const once = `[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] || { touch "$1/began"; sleep 300; }`;
  const started = await stand.start([
    {
      options: ["--requeue"],
      scripts: {
        scatter: `echo '[{"x":4}]' >"$1/work_items.json"`,
        square: `${once}; ${DIAMOND.square}`,
        gather: `${once}; ${DIAMOND.gather}`,
      },
    },
  ]);
  const [sum] = started.sums;
  for (const [at, part] of ["branch-0/step-square/out", "out"].entries()) {
    await waitForFile(join(sum?.folder ?? "", part, "began"));
    const [task = ""] = (await sum?.readRuns(part)) ?? [];
    expect(await sum?.readRuns(part)).toHaveLength(1);
    await stand.cluster.run(["scontrol", "requeue", task.replace(" ", "_")]);
    if (at === 0) await waitForFile(join(sum?.folder ?? "", "out/began"));
  }
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  expect(await sum?.read("out/sums")).toBe("24\n");
  const parts = ["scatter/out", "branch-0/step-extract/out", "branch-0/step-square/out", "out"];
  const runs = await Promise.all(parts.map(async (part) => sum?.readRuns(part)));
  expect(runs.map((lines) => lines?.length)).toEqual([1, 1, 2, 2]);
});

test("an array that was submitted twice runs once", async () => {
  await wrapItems(`/usr/bin/sbatch "$@" >/dev/null && exec /usr/bin/sbatch "$@"`);
  const started = await stand.start([{ scripts: { extract: `echo 1 >"$1/x"; sleep 1` } }]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  await stand.unwrapProgram("sbatch");
  await waitForQuiet(started);
  expect(await stand.listItems(started.submission)).toHaveLength(2);
  for (const branch of [0, 1, 2]) {
    expect(await started.sums[0]?.readRuns(`branch-${branch}/step-extract/out`)).toHaveLength(1);
  }
});

test("where sbatch refuses the items, the job's own task runs all parts, and its log says why", async () => {
  await wrapItems(`echo "sbatch: error: Batch job submission failed: Access/permission denied" >&2; exit 1`);
  const started = await stand.start([{}]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  await stand.unwrapProgram("sbatch");
  const [sum] = started.sums;
  expect(await sum?.read("out/sums")).toBe("3\n8\n15\n");
  expect(await sum?.read("repx/stderr.log")).toBe(
    "repx-job: all parts run one after another in this task: sbatch: error: Batch job submission failed: Access/permission denied\n",
  );
  expect(await sum?.readRuns("branch-2/step-combine/out")).toEqual(await sum?.readRuns("out"));
  expect(await sum?.readRuns("scatter/out")).toHaveLength(1);
});

test("on nodes without sbatch the job's own task runs all parts", async () => {
  const bin = join(stand.target.base, "no-slurm");
  await mkdir(bin);
  for (const name of await readdir("/usr/bin"))
    if (name !== "sbatch") await symlink(`/usr/bin/${name}`, join(bin, name));
  const started = await stand.start([{ options: [`--export=PATH=${bin}`] }]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  const [sum] = started.sums;
  expect(await sum?.read("out/sums")).toBe("3\n8\n15\n");
  expect(await sum?.read("repx/stderr.log")).toMatch(/^repx-job: all parts run .* in this task: \S+ has no sbatch\n$/);
});

test("the same job in a second submission waits in the queue for the first one's gather, and takes its results", async () => {
  const slow = { extract: `touch "$1/began"; sleep 4; echo 1 >"$1/x"` };
  const one = await stand.start([{ scripts: slow }]);
  await waitForFile(join(one.sums[0]?.folder ?? "", "branch-0/step-extract/out/began"));
  const two = await stand.start([{ scripts: slow }], one.number);
  const note = join(two.submission.folder, "jobs", two.sums[0]?.job.id ?? "", "spread/in-task");
  await waitForFile(note);
  expect(await readFile(note, "utf8")).toMatch(/^another submission had this job in the queue \(\d+_1\)/);
  expect(await two.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  expect(await one.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  for (const part of ["scatter/out", "branch-0/step-extract/out", "out"]) {
    expect(await one.sums[0]?.readRuns(part)).toHaveLength(1);
  }
});
