import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { SubmissionId, type JobId } from "../model/ids.ts";
import { placeAwaited, renderAwaited } from "./awaited-jobs.ts";
import { planBatches, type SchedulableJob } from "./batches.ts";
import type { QueuedJob } from "./plan.ts";
import { renderSbatchArguments } from "./sbatch-command.ts";

const OTHER = SubmissionId.parse("s0123456789abcdefghijklmno");
const share = (...entries: [number, string][]): ReadonlyMap<JobId, QueuedJob> =>
  new Map(entries.map(([nth, slurmId]) => [jobId(nth), { slurmId, submission: OTHER, isRunning: false }]));
const job = (nth: number, dependsOn: readonly number[], kind: "hard" | "soft" = "hard"): SchedulableJob => ({
  id: jobId(nth),
  stage: "after",
  executable: "jobs/x/bin/x",
  resources: { sbatchOpts: [] },
  dependsOn: dependsOn.map((upstream) => ({ id: jobId(upstream), kind })),
});

/** Of each array: its indexes and what it waits for. */
function render(shared: ReadonlyMap<JobId, QueuedJob>, jobs: readonly SchedulableJob[], ended: readonly number[] = []) {
  const awaited = placeAwaited({ shared, ended: new Set(ended.map((nth) => jobId(nth))) });
  const place = { id: OTHER, basePath: "/scratch", programs: "/scratch/bin/x" };
  return planBatches(jobs, awaited.places).map((batch) => {
    const args = renderSbatchArguments(batch, place, awaited.slurmIds);
    return args.filter((arg) => /^--(array|dependency)=/.test(arg)).join(" ");
  });
}

test("jobs that follow tasks of another submission one by one wait by their indexes, in one array", () => {
  const shared = share([1, "70_4"], [2, "70_9"], [3, "71_2"]);
  expect(render(shared, [job(11, [1]), job(12, [2]), job(13, [3])])).toEqual([
    "--array=4,9 --dependency=aftercorr:70",
    "--array=2 --dependency=aftercorr:71",
  ]);
});

test("a job that needs several tasks of another submission names them, and never their whole array", () => {
  const shared = share([1, "70_1"], [2, "70_2"], [3, "80"]);
  expect(render(shared, [job(11, [1, 2, 3])])).toEqual(["--array=1 --dependency=afterok:80:70_1:70_2"]);
});

test("a job that is no task is waited for by its id, hard or soft", () => {
  expect(render(share([1, "80"]), [job(11, [1])])).toEqual(["--array=1 --dependency=afterok:80"]);
  expect(render(share([1, "80_7"]), [job(11, [1], "soft")])).toEqual(["--array=1 --dependency=afterany:80_7"]);
});

test("what has ended since is reported, and not waited for", () => {
  const shared = share([1, "70_1"]);
  expect(render(shared, [job(11, [])], [1])).toEqual(["--array=1"]);
  expect(placeAwaited({ shared, ended: new Set([jobId(1)]) }).places.size).toBe(0);
  expect(renderAwaited({ shared })).toBe(`70_1\t${jobId(1)}\t${OTHER}\n`);
});
