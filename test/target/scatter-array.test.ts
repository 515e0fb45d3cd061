import { existsSync } from "node:fs";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import { writeBoxImage } from "../harness/box-image.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { DIAMOND, makeDiamond, type PartsStand, readEnds, startPartsStand } from "./parts-stand.ts";

// Scatter-gather jobs on a real cluster, whose items become arrays of at most 10 tasks.

let stand: PartsStand;

beforeAll(async () => void (stand = await startPartsStand("/tmp/repx-scatter-test")));
afterAll(async () => stand?.[Symbol.asyncDispose]());

test("the items of each job are an array, whose tasks run the steps; then the job gathers, and who needs it runs", async () => {
  const started = await stand.start([{}, { scripts: { scatter: `echo '[{"x":4}]' >"$1/work_items.json"` } }]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0", "COMPLETED 0"]);
  const [three, one] = started.sums;
  expect(await three?.read("out/sums")).toBe("3\n8\n15\n");
  expect(await one?.read("out/sums")).toBe("24\n");
  const ran = await Promise.all([0, 1, 2].map(async (branch) => three?.readRuns(`branch-${branch}/step-combine/out`)));
  const arrays = new Set(ran.flatMap((runs) => runs?.map((run) => run.split(" ")[0])));
  expect(ran.map((runs) => runs?.map((run) => run.split(" ")[1]))).toEqual([["0"], ["1"], ["2"]]);
  expect(arrays.size).toBe(1);
  expect(await three?.readRuns("branch-1/step-extract/out")).toEqual(ran[1]);
  expect(await stand.listLive(started.submission)).toEqual([]);
});

test("a scatter that finds no items leaves an empty list to the gather, and no array", async () => {
  const started = await stand.start([
    { scripts: { scatter: `echo '[]' >"$1/work_items.json"`, gather: `echo none >"$1/sums"` } },
  ]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  expect(await started.sums[0]?.read("out/sums")).toBe("none\n");
  expect(await started.sums[0]?.read("repx/worker_outs_manifest.json")).toBe("[]\n");
  expect((await stand.listArrays(started.submission.place)).size).toBe(3);
});

test("the records are those of a job: the gather's attempt, and of each part its own", async () => {
  const started = await stand.start([{}]);
  await started.waitForEnds();
  const [sum] = started.sums;
  const attempt = async (path: string): Promise<unknown> => JSON.parse((await sum?.read(path)) ?? "{}").attempt;
  const { id } = started.submission.place;
  const [gather] = (await stand.listArrays(started.submission.place)).get(2) ?? [];
  expect(await attempt("repx/job.json")).toMatchObject({ submission: id, number: 1, slurmId: `${gather}_1` });
  const result = JSON.parse((await sum?.read("repx/result.json")) ?? "{}");
  expect(result).toMatchObject({ exitCode: 0, outputs: [{ path: "sums" }] });
  for (const part of ["scatter", "branch-0", "branch-2"]) {
    expect(await attempt(`${part}/repx/job.json`)).toMatchObject({ submission: id });
    expect(JSON.parse((await sum?.read(`${part}/repx/result.json`)) ?? "{}")).toMatchObject({ exitCode: 0 });
    expect(await sum?.read(`${part}/repx/SUCCESS`)).toBe("");
  }
  const completions = await stand.target.user.run(["cat", `${stand.target.base}/outputs/completions.jsonl`]);
  expect(completions.stdout.split("\n").filter((line) => line.includes(sum?.job.id ?? "?"))).toHaveLength(1);
  expect(await sum?.read("repx/.running")).toBeUndefined();
});

const NO_SQUARE_OF_TWO = `x=$(cat "$(input x "$2")"); [ "$x" != 2 ] || { echo no square of two >&2; exit 7; }; echo $((x * x)) >"$1/y"`;

test("a branch that fails fails the job, which says where and why; the others end, and what needs the job never runs", async () => {
  const started = await stand.start([{ scripts: { square: NO_SQUARE_OF_TWO } }]);
  expect(await started.waitForEnds()).toEqual(["FAILED NonZeroExitCode", "CANCELLED DependencyNeverSatisfied"]);
  const [sum] = started.sums;
  expect(await sum?.read("repx/stderr.log")).toBe(
    `no square of two\nrepx-job: step square of branch 1 ended with 7, its logs are in ${sum?.folder}/branch-1/step-square/repx\nrepx-job: 1 of 3 branches failed\n`,
  );
  expect(JSON.parse((await sum?.read("repx/result.json")) ?? "{}")).toMatchObject({ exitCode: 7 });
  expect(await sum?.readRuns("branch-2/step-combine/out")).toHaveLength(1);
  expect(await sum?.readRuns("out")).toHaveLength(0);
  const again = await stand.start([{}], started.number);
  expect(await again.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  expect(await sum?.read("out/sums")).toBe("3\n8\n15\n");
  const parts = ["scatter", "branch-0/step-square", "branch-1/step-extract", "branch-1/step-square"];
  const runs = await Promise.all(parts.map(async (part) => sum?.readRuns(`${part}/out`)));
  expect(runs.map((lines) => lines?.length)).toEqual([1, 1, 1, 2]);
  // Only the branch that failed has a task.
  const submitted = await Promise.all(
    [0, 1, 2].map(
      async (branch) => /"submission":"(\w+)"/.exec((await sum?.read(`branch-${branch}/repx/job.json`)) ?? "")?.[1],
    ),
  );
  const [before, now] = [started, again].map(({ submission }) => submission.place.id);
  expect(submitted).toEqual([before, now, before]);
});

test("a scatter that fails fails the job with its exit code and its last words", async () => {
  const started = await stand.start([{ scripts: { scatter: "echo nothing to scatter >&2; exit 9" } }]);
  expect(await started.waitForEnds()).toEqual(["FAILED NonZeroExitCode", "CANCELLED DependencyNeverSatisfied"]);
  expect(await started.sums[0]?.read("repx/stderr.log")).toBe(
    `nothing to scatter\nrepx-job: the scatter ended with 9, its logs are in ${started.sums[0]?.folder}/scatter/repx\n`,
  );
});

test("gc keeps what parts need that wait or run, while it takes what nobody needs", async () => {
  const { base, programs, user } = stand.target;
  const nobodys = `outputs/${"0".repeat(32)}-nobodys`;
  await mkdir(join(base, nobodys, "out"), { recursive: true });
  const started = await stand.start([{ scripts: { extract: `touch "$1/began"; sleep 5; echo 1 >"$1/x"` } }]);
  const [id = ""] = started.sums.map(({ job }) => job.id);
  const lab = "0123456789abcdef";
  const root = join(base, "gcroots/auto/sweep.00000000", `2026-01-01_10-00-00_${lab}`);
  await mkdir(join(root, ".."), { recursive: true });
  await mkdir(join(base, "artifacts/labs", lab), { recursive: true });
  await writeFile(root, `artifacts/labs/${lab}\nartifacts/jobs/${id}\nend\n`);
  await utimes(root, 1_767_000_000, 1_767_000_000);
  await stand.target.giveAway();
  await waitUntil({ what: "items that run", timeoutSeconds: 30, intervalMs: 200 }, async () =>
    existsSync(join(base, "outputs", id, "branch-1/step-extract/out/began")),
  );
  const argv = [join(programs, "repx-gc"), base, "collect", "pinned-only", "14"];
  const { stdout } = await user.run(argv, { environment: { ...stand.cluster.environment } });
  expect(stdout).toContain(`open\t${started.submission.place.id}\t${lab}\n`);
  expect(stdout).toContain(`free\t${nobodys}\t`);
  expect((await started.waitForEnds())[0]).toBe("COMPLETED 0");
});

test.each([
  ["scatter", /^repx-job: the job's executable .*scatter is missing.*\nrepx-job: the scatter ended with 127, its logs/],
  ["extract", /^(repx-job: the job's executable .*extract is missing.*\n){3}repx-job: 3 of 3 branches failed\n$/],
])("a program that is not there fails the job: %s", async (name, words) => {
  const number = stand.takeNumbers();
  const sum = await makeDiamond(stand, number);
  const submission = await stand.writeSubmission([sum.job], { files: new Map([[sum.job.id, sum.files]]) });
  await rm(join(stand.target.base, "artifacts/jobs", sum.job.id, "bin", name));
  await submitBatches(stand.transport, submission.batches, submission.place);
  const ends = await waitUntil({ what: "its end", timeoutSeconds: 60, intervalMs: 300 }, async () => {
    const found = await readEnds(submission);
    return found.size === 1 ? found : undefined;
  });
  expect(ends.get(sum.job.id)).toMatchObject({ state: "FAILED" });
  expect(await sum.read("repx/stderr.log")).toMatch(words);
});

test("every part runs isolated where the job does, all branches at once", async () => {
  const image = await writeBoxImage(stand.target.base);
  await stand.target.giveAway();
  const see = `! ls ${stand.target.base}/submissions >/dev/null 2>&1 || exit 8; `;
  const scripts = { extract: `${see}${DIAMOND.extract}; sleep 1`, scatter: `${see}${DIAMOND.scatter}` };
  const runtime = `kind\tbwrap\nimage\t${image.name}\nnode-local\t-\n`;
  const started = await stand.start([{ scripts, runtime }]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  expect(await started.sums[0]?.read("out/sums")).toBe("3\n8\n15\n");
  const left = await readdir(join(started.submission.folder, "jobs", started.sums[0]?.job.id ?? ""));
  expect(left).not.toContain("branch-0");
});

test.each([
  ["the scatter", { scatter: `kill -9 "$PPID"; sleep 5` }, "the scatter"],
  [
    "a step",
    { double: `x=$(cat "$(input x "$2")"); [ "$x" != 3 ] || { kill -9 "$PPID"; sleep 5; }; echo $((x + x)) >"$1/y"` },
    "step double of branch 2",
  ],
])(
  "a task that is killed while it runs %s fails the job, which says what SLURM calls it",
  async (_, scripts, words) => {
    const started = await stand.start([{ scripts }]);
    expect(await started.waitForEnds()).toEqual(["FAILED NonZeroExitCode", "CANCELLED DependencyNeverSatisfied"]);
    expect(await started.sums[0]?.read("repx/stderr.log")).toMatch(
      new RegExp(`repx-job: ${words} left no word of its end, SLURM calls its task \\d+_\\d+ FAILED\n`),
    );
  },
);

test("what can never run is told as that, and neither its scatter nor its gather runs", async () => {
  const number = stand.takeNumbers();
  const failing = await makeDiamond(stand, number, { scripts: { scatter: "exit 1" } });
  const sum = await makeDiamond(stand, number + 1, { waits: [failing.job.id], options: ["--comment=x"] });
  const submission = await stand.writeSubmission([failing.job, sum.job], {
    files: new Map([failing, sum].map(({ job, files }) => [job.id, files])),
  });
  await submitBatches(stand.transport, submission.batches, submission.place);
  const ends = await waitUntil({ what: "both ends", timeoutSeconds: 60, intervalMs: 300 }, async () => {
    const found = await readEnds(submission);
    return found.size === 2 ? found : undefined;
  });
  expect(ends.get(sum.job.id)).toMatchObject({ state: "CANCELLED", reason: "DependencyNeverSatisfied" });
  expect(await sum.readRuns("scatter/out")).toEqual([]);
  expect(await stand.listLive(submission)).toEqual([]);
});

test("more items than an array may have become several arrays", async () => {
  const items = JSON.stringify(Array.from({ length: 23 }, (_, index) => ({ x: index })));
  const started = await stand.start([{ scripts: { scatter: `echo '${items}' >"$1/work_items.json"` } }]);
  expect(await started.waitForEnds()).toEqual(["COMPLETED 0", "COMPLETED 0"]);
  const sums = Array.from({ length: 23 }, (_, index) => index * index + 2 * index);
  expect(await started.sums[0]?.read("out/sums")).toBe(sums.map((sum) => `${sum}\n`).join(""));
  const runs = await Promise.all(sums.map(async (_, at) => started.sums[0]?.readRuns(`branch-${at}/step-combine/out`)));
  expect(runs.map((lines) => lines?.[0]?.split(" ")[1])).toEqual(sums.map((_, at) => String(at % 10)));
  expect(new Set(runs.map((lines) => lines?.[0]?.split(" ")[0])).size).toBe(3);
});
