import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import type { SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { accountingOf, waitForAccounting, waitUntilForgotten } from "./accounting-stand.ts";
import { startSubmitStand, type SubmitStand, type WrittenSubmission } from "./submit-stand.ts";

// A submission is interrupted right after sbatch, and taken up again when SLURM has forgotten the jobs (MinJobAge).

let stand: SubmitStand;

beforeAll(async () => {
  const options = { hasAccounting: true, extraConf: "MinJobAge=2\n" };
  stand = await startSubmitStand({ folder: "/tmp/repx-submit-slurmdbd", ...options });
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

function makeJobs(first: number): SchedulableJob[] {
  return [first, first + 1].map((number) => {
    const id = jobId(number, "a-1.0");
    return {
      id,
      stage: "a",
      executable: `jobs/${id}/bin/run`,
      resources: { mem: "50M", sbatchOpts: [] },
      dependsOn: [],
    };
  });
}

/** Submits, with both the caller and sbatch killed before an id is printed; says the id that nobody heard. */
async function submitAndDie(submission: WrittenSubmission): Promise<string> {
  const heard = join(submission.folder, "heard");
  await stand.wrapProgram(
    "sbatch",
    `/usr/bin/sbatch "$@" >${heard} || exit 1
read -r pid host <<EOF2
$(readlink ${submission.folder}/submit/1)
EOF2
kill -9 "$pid" $$`,
  );
  await expect(submitBatches(stand.transport, submission.batches, submission.place)).rejects.toMatchObject({
    code: "SLURM_REJECTED",
  });
  await stand.unwrapProgram("sbatch");
  expect(existsSync(join(submission.folder, "batches/1.id"))).toBe(false);
  return (await readFile(heard, "utf8")).trim();
}

/** Ids of all arrays that slurmdbd knows with a comment of this submission. */
async function listAccounted({ place }: WrittenSubmission): Promise<string[]> {
  const argv = ["sacct", "-a", "-X", "-n", "-P", "-S", "now-1days", "-o", "JobID,Comment"];
  const rows = (await stand.cluster.run(argv)).stdout.split("\n").filter((row) => row.includes(`|repx:${place.id}:`));
  return [...new Set(rows.map((row) => row.split("_")[0] ?? ""))];
}

test("what ran and was forgotten before it was recorded is found by its comment, and does not run again", async () => {
  const submission = await stand.writeSubmission(makeJobs(100));
  const slurmId = await submitAndDie(submission);
  await waitUntilForgotten(stand.cluster, stand.target.user);
  await waitForAccounting(stand.cluster, [`${slurmId}_1`, `${slurmId}_2`]);
  const slurmIds = await submitBatches(stand.transport, submission.batches, submission.place);
  expect([...slurmIds]).toEqual([[1, slurmId]]);
  expect(await listAccounted(submission)).toEqual([slurmId]);
});

test("where slurmdbd is dead, what SLURM may have forgotten is not submitted again until it answers", async () => {
  const submission = await stand.writeSubmission(makeJobs(200));
  const slurmId = await submitAndDie(submission);
  await waitUntilForgotten(stand.cluster, stand.target.user);
  await waitForAccounting(stand.cluster, [`${slurmId}_1`, `${slurmId}_2`]);
  await accountingOf(stand.cluster).killDaemon();
  const said: string[] = [];
  onTestFailed(() => console.log(said));
  const submitted = submitBatches(stand.transport, submission.batches, submission.place, (progress) =>
    said.push(JSON.stringify(progress)),
  );
  await waitUntil({ what: "sacct to fail", timeoutSeconds: 30 }, async () => said.some((line) => /sacct/.test(line)));
  expect((await stand.listArrays(submission.place)).size).toBe(0);
  await accountingOf(stand.cluster).startDaemon();
  expect([...(await submitted)]).toEqual([[1, slurmId]]);
  expect(await listAccounted(submission)).toEqual([slurmId]);
});
