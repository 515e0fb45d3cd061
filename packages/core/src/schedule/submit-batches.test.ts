import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { SubmissionId } from "../model/ids.ts";
import { openLocal } from "../target/transport/local.ts";
import type { Transport } from "../target/transport/transport.ts";
import { planBatches, type Batch, type SchedulableJob } from "./batches.ts";
import { renderBatchTable } from "./submission-files.ts";
import { cancelSubmission } from "./cancel-submission.ts";
import { reviveRelays, submitBatches } from "./submit-batches.ts";

const ID = SubmissionId.parse("s0123456789abcdefghijklmno");

let base: string;
let folder: string;
let transport: Transport;
let batches: readonly Batch[];

/** A scheduler that accepts one array and refuses what comes after; it writes down what it was asked. */
const SBATCH = `#!/bin/sh
cat >/dev/null
n=$(cat "$SCHEDULER/count" 2>/dev/null || echo 0); echo $((n + 1)) >"$SCHEDULER/count"
echo "sbatch $*" >>"$SCHEDULER/asked"
[ "$n" -lt "$(cat "$SCHEDULER/accepts")" ] || { echo "sbatch: error: Invalid account" >&2; exit 1; }
echo "$((101 + n));cluster"
`;
const SCANCEL = '#!/bin/sh\necho "scancel $*" >>"$SCHEDULER/asked"\n';
const RELAY = '#!/bin/sh\necho "relay $*" >>"$SCHEDULER/asked"\n';

const job = (nth: number, stage: string, dependsOn: readonly number[]): SchedulableJob => ({
  id: jobId(nth),
  stage,
  executable: `jobs/${jobId(nth)}/bin/main`,
  resources: { sbatchOpts: [] },
  dependsOn: dependsOn.map((upstream) => ({ id: jobId(upstream), kind: "hard" })),
});

async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "repx-it's a base-"));
  folder = join(base, "submissions", ID);
  await mkdir(join(folder, "batches"), { recursive: true });
  await mkdir(join(base, "bin"));
  await writeProgram(join(base, "bin/sbatch"), SBATCH);
  await writeProgram(join(base, "bin/scancel"), SCANCEL);
  await writeProgram(join(base, "bin/repx-relay"), RELAY);
  batches = planBatches([job(1, "a", []), job(2, "a", []), job(3, "sum", [1, 2])]);
  for (const batch of batches) await writeFile(join(folder, `batches/${batch.number}.tsv`), renderBatchTable(batch));
  transport = await openLocal({ environment: { PATH: `${base}/bin:/usr/bin:/bin`, SCHEDULER: base } });
});
afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  await rm(base, { recursive: true });
});

const accept = async (count: number): Promise<void> => writeFile(join(base, "accepts"), `${count}\n`);
const place = () => ({ id: ID, basePath: base, programs: `${base}/bin` });
const readAsked = async (): Promise<string> => readFile(join(base, "asked"), "utf8").catch(() => "");

test("every batch is submitted in order, and the target has the id of each job before anybody else", async () => {
  await accept(2);
  const slurmIds = await submitBatches(transport, batches, place());
  expect([...slurmIds]).toEqual([
    [1, "101"],
    [2, "102"],
  ]);
  expect(await readFile(join(folder, "slurm.tsv"), "utf8")).toBe(
    `101_1\t${jobId(1)}\n101_2\t${jobId(2)}\n102_1\t${jobId(3)}\n`,
  );
  expect(await readAsked()).toContain("--dependency=afterok:101 --kill-on-invalid-dep=yes");
  expect(await readFile(join(folder, "submitted"), "utf8")).toBe("");
});

test("what a login's start-up files print is not taken for an answer", async () => {
  await accept(2);
  const chatty: Transport = {
    ...transport,
    run: async (request) => {
      const output = await transport.run(request);
      return {
        ...output,
        stdout: `Welcome, 7 nodes are up\n42\n${output.stdout}`,
        stderr: `quota: 80%\n${output.stderr}`,
      };
    },
  };
  expect([...(await submitBatches(chatty, batches, place())).values()]).toEqual(["101", "102"]);
});

test("what sbatch says is in the error, with the stage", async () => {
  await accept(1);
  await expect(submitBatches(transport, batches, place())).rejects.toMatchObject({
    code: "SLURM_REJECTED",
    message: "sbatch refused 1 job of stage sum: sbatch: error: Invalid account",
  });
});

test("the relay of a submission is started again where one was killed, and only there", async () => {
  const other = join(base, "submissions/s999999999999999999999999z");
  await mkdir(other);
  for (const killed of [folder]) await writeFile(join(killed, "relay.pid"), "1 host\n");
  for (const every of [folder, other]) await writeFile(join(every, "programs"), `${base}/bin\n`);
  await reviveRelays(transport, base);
  await expect.poll(readAsked, { timeout: 10_000 }).toBe(`relay ${base} ${ID}\n`);
});

test("a submission that is taken back cancels every array that the target knows of", async () => {
  await accept(1);
  await submitBatches(transport, batches, place()).catch(() => {});
  await cancelSubmission(transport, place());
  expect((await readAsked()).split("\n")).toContain("scancel 101");
  expect(await readFile(join(folder, "submitted"), "utf8")).toBe("");
});

test("a submission of which nothing came to the target is taken back without a word", async () => {
  await rm(folder, { recursive: true });
  await expect(cancelSubmission(transport, place())).resolves.toEqual([]);
});
