import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { jobId } from "../../packages/core/src/model/events.fixture.ts";
import type { SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import { cancelSubmission } from "../../packages/core/src/schedule/cancel-submission.ts";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { readRows, startSubmitStand, type SubmitStand, type WrittenSubmission } from "./submit-stand.ts";

// What a cluster goes through while a submission is handed over: each array is there once in the end, or none is.

const FOLDER = "/tmp/repx-submit-chaos";

let stand: SubmitStand;
let first = 0;

beforeAll(async () => {
  stand = await startSubmitStand({ folder: FOLDER });
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

/** Arrays of two jobs that stay in the queue, where they can be counted. */
async function writeHeld(arrays: number): Promise<WrittenSubmission> {
  first += 1000;
  const jobs = Array.from({ length: arrays * 2 }, (_, nth): SchedulableJob => {
    const id = jobId(first + nth, "a-1.0");
    const resources = { mem: "50M", sbatchOpts: ["--hold"] };
    return { id, stage: "a", executable: `jobs/${id}/bin/run`, resources, dependsOn: [] };
  });
  return stand.writeSubmission(jobs, { mostTasks: 2 });
}

/** sbatch does this before its `nth` call of this submission. */
async function beforeCall(submission: WrittenSubmission, nth: number, script: string): Promise<void> {
  const calls = join(submission.folder, "calls");
  await stand.wrapProgram(
    "sbatch",
    `echo x >>${calls}\n[ "$(wc -l <${calls})" != ${nth} ] || { ${script}; }\nexec /usr/bin/sbatch "$@"`,
  );
}

async function expectOnce(submission: WrittenSubmission, slurmIds: ReadonlyMap<number, string>): Promise<void> {
  const arrays = await stand.listArrays(submission.place);
  expect(slurmIds.size).toBe(submission.batches.length);
  expect([...arrays].toSorted(([left], [right]) => left - right)).toEqual(
    [...slurmIds].map(([batch, id]) => [batch, [id]]),
  );
  const rows = (await readRows(submission.folder)).map(([id = ""]) => id.split("_")[0]);
  expect(new Set(rows)).toEqual(new Set(slurmIds.values()));
  const states = await stand.cluster.run([
    "squeue",
    "-h",
    "-t",
    "all",
    "-j",
    [...slurmIds.values()].join(),
    "-o",
    "%T",
  ]);
  expect(new Set(states.stdout.trim().split("\n"))).toEqual(new Set(["PENDING"]));
}

async function waitForFile(path: string): Promise<void> {
  await waitUntil({ what: path, timeoutSeconds: 60 }, async () => existsSync(path));
}

test("slurmctld that is restarted in the middle of a submission, with an sbatch on its way, takes each array once", async () => {
  const submission = await writeHeld(4);
  const [reached, go] = [join(submission.folder, "reached"), join(submission.folder, "go")];
  await beforeCall(submission, 3, `touch ${reached}; while [ ! -e ${go} ]; do sleep 0.1; done`);
  const submitted = submitBatches(stand.transport, submission.batches, submission.place);
  await waitForFile(reached);
  // Saves what it knows, as an orderly end does: what a crash takes from slurmctld itself is not ours to save.
  await stand.cluster.stopController();
  await writeFile(go, "");
  await waitUntil({ what: "sbatch to be tried in vain", timeoutSeconds: 60 }, async () => {
    return (await readFile(join(submission.folder, "submit/err"), "utf8").catch(() => "")) !== "";
  });
  await stand.cluster.startController();
  const slurmIds = await submitted;
  await stand.unwrapProgram("sbatch");
  await expectOnce(submission, slurmIds);
  await cancelSubmission(stand.transport, submission.place);
});

test("an array that slurmctld forgot when it crashed is submitted again, though its id was given to another", async () => {
  const submission = await writeHeld(4);
  const [second, third] = [join(submission.folder, "2"), join(submission.folder, "3")];
  // Before the second and the third call sbatch waits for us.
  const calls = join(submission.folder, "calls");
  const pause = `case $n in 2 | 3) touch ${submission.folder}/$n.reached; while [ ! -e ${submission.folder}/$n ]; do sleep 0.1; done ;; esac`;
  await stand.wrapProgram("sbatch", `echo x >>${calls}\nn=$(wc -l <${calls})\n${pause}\nexec /usr/bin/sbatch "$@"`);
  const submitted = submitBatches(stand.transport, submission.batches, submission.place);
  await waitForFile(`${second}.reached`);
  // What slurmctld had saved before the second array; it is saved on its way down, and as it is it is put back below.
  const state = join(stand.cluster.folder, "state");
  await stand.cluster.stopController();
  await runCommand(["cp", "-a", state, `${state}.saved`]);
  await stand.cluster.startController();
  await writeFile(second, "");
  await waitForFile(`${third}.reached`);
  const before = (await stand.listArrays(submission.place)).get(2);
  await stand.cluster.killController();
  await runCommand(["rm", "-rf", state]);
  await runCommand(["mv", `${state}.saved`, state]);
  await waitUntil({ what: "slurmctld to be gone", timeoutSeconds: 10 }, async () => {
    return (await tryCommand(["scontrol", "ping"], { environment: stand.cluster.environment })).stdout.includes("DOWN");
  });
  await stand.cluster.startController();
  expect((await stand.listArrays(submission.place)).size).toBe(1);
  await writeFile(third, "");
  const slurmIds = await submitted;
  await stand.unwrapProgram("sbatch");
  expect([...slurmIds.values()]).not.toContain(before?.[0]);
  await expectOnce(submission, slurmIds);
  await cancelSubmission(stand.transport, submission.place);
});

test("munge that is dead in the middle of a submission is waited for, and each array is there once", async () => {
  const submission = await writeHeld(3);
  const [reached, go] = [join(submission.folder, "reached"), join(submission.folder, "go")];
  await beforeCall(submission, 2, `touch ${reached}; while [ ! -e ${go} ]; do sleep 0.1; done`);
  const said: string[] = [];
  onTestFailed(() => console.log(said));
  const submitted = submitBatches(stand.transport, submission.batches, submission.place, ({ detail }) =>
    said.push(detail),
  );
  await waitForFile(reached);
  await stand.cluster.munge.stop();
  try {
    await writeFile(go, "");
    await waitUntil({ what: "sbatch to fail", timeoutSeconds: 60 }, async () =>
      said.some((one) => /again in/.test(one)),
    );
  } finally {
    await stand.cluster.munge.start();
  }
  const slurmIds = await submitted;
  await stand.unwrapProgram("sbatch");
  expect(said.find((one) => one.includes("again in"))).toMatch(/1 of 3 batches, again in .*(?:Munge|authentication)/i);
  await expectOnce(submission, slurmIds);
  await cancelSubmission(stand.transport, submission.place);
});

test("a disk that is full when an array is to be recorded leaves none that runs unrecorded, and with room the rest follows", async () => {
  const submission = await writeHeld(3);
  const { folder } = submission;
  const batches = join(folder, "batches");
  await runCommand(["cp", "-a", batches, `${batches}.copy`]);
  const { uid, gid } = stand.target.user;
  await runCommand(["mount", "-t", "tmpfs", "-o", `size=512k,uid=${uid},gid=${gid},mode=0700`, "repx-test", batches]);
  try {
    await runCommand(["sh", "-c", `cp -a ${batches}.copy/. ${batches}/`]);
    await beforeCall(submission, 2, `dd if=/dev/zero of=${batches}/filler bs=512 status=none 2>/dev/null`);
    await expect(submitBatches(stand.transport, submission.batches, submission.place)).rejects.toMatchObject({
      message: expect.stringContaining("disk full"),
    });
    await stand.unwrapProgram("sbatch");
    const { stdout } = await stand.cluster.run(["squeue", "-h", "-t", "pending,running", "-o", "%k"]);
    expect(
      stdout
        .trim()
        .split("\n")
        .filter((one) => one.startsWith(`repx:${submission.place.id}:`)),
    ).toEqual([`repx:${submission.place.id}:1`]);
    await rm(join(batches, "filler"));
    await expectOnce(submission, await submitBatches(stand.transport, submission.batches, submission.place));
  } finally {
    await cancelSubmission(stand.transport, submission.place);
    await tryCommand(["umount", "-l", batches]);
  }
});
