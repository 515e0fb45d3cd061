import { chmod, cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError } from "../model/errors.ts";
import { jobId } from "../model/events.fixture.ts";
import { SubmissionId } from "../model/ids.ts";
import { openLocal } from "../target/transport/local.ts";
import type { Transport } from "../target/transport/transport.ts";
import { planBatches, type Batch, type SchedulableJob } from "./batches.ts";
import { cancelSubmission } from "./cancel-submission.ts";
import { reviveRelays } from "./revive-relays.ts";
import { writeSubmissionFiles } from "./submission-files.ts";
import { EMPTY_PLAN } from "./submission-plan.fixture.ts";
import { submitBatches } from "./submit-batches.ts";
import type { SubmitProgress } from "./submit-progress.ts";

const ID = SubmissionId.parse("s0123456789abcdefghijklmno");

const PROGRAMS = fileURLToPath(new URL("../../target", import.meta.url));

let base: string;
let folder: string;
let transport: Transport;
let batches: readonly Batch[];

/**
 * A scheduler that does with the n-th call what the n-th line of `plays` says, and accepts when there is none; it writes down
 * what it was asked, and lists what it has accepted.
 */
const SBATCH = `#!/bin/sh
cat >/dev/null
n=$(($(cat "$SCHEDULER/count" 2>/dev/null || echo 0) + 1)); echo "$n" >"$SCHEDULER/count"
echo "sbatch $*" >>"$SCHEDULER/asked"
for word; do case $word in --comment=*) comment=\${word#--comment=} ;; esac; done
play=$(sed -n "\${n}p" "$SCHEDULER/plays" 2>/dev/null)
case $play in
  '' | accept*) echo "$((100 + n)) $comment" >>"$SCHEDULER/queue" ;;
  *) echo "$play" >&2; exit 1 ;;
esac
case $play in
  *'and die') kill -9 $$ ;;
  *'and stay') while :; do sleep 1; done ;;
esac
echo "$((100 + n));cluster"
`;
const SQUEUE = '#!/bin/sh\n[ ! -e "$SCHEDULER/down" ] || exit 1\ncat "$SCHEDULER/queue" 2>/dev/null\nexit 0\n';
const SCANCEL = '#!/bin/sh\necho "scancel $*" >>"$SCHEDULER/asked"\n';
const RELAY = '#!/bin/sh\necho "relay $*" >>"$SCHEDULER/asked"\n';
const LIMIT = "sbatch: error: QOSMaxSubmitJobPerUserLimit";

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
  await mkdir(folder, { recursive: true });
  await cp(PROGRAMS, join(base, "bin"), { recursive: true });
  await writeProgram(join(base, "bin/sbatch"), SBATCH);
  await writeProgram(join(base, "bin/squeue"), SQUEUE);
  await writeProgram(join(base, "bin/scancel"), SCANCEL);
  await writeProgram(join(base, "bin/repx-relay"), RELAY);
  batches = planBatches([job(1, "a", []), job(2, "a", []), job(3, "sum", [1, 2])]);
  await writeSubmissionFiles(folder, {
    labHash: "0",
    plan: EMPTY_PLAN,
    awaited: "",
    jobs: new Map(),
    place: place(),
    batches,
  });
  transport = await openScheduler();
});
afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  await rm(base, { recursive: true });
});

const openScheduler = async (environment: Readonly<Record<string, string>> = {}): Promise<Transport> =>
  openLocal({
    environment: {
      PATH: `${base}/bin:/usr/bin:/bin`,
      SCHEDULER: base,
      REPX_SUBMIT_PAUSE_SECONDS: "0",
      ...environment,
    },
  });
const play = async (...plays: readonly string[]): Promise<void> =>
  writeFile(join(base, "plays"), `${plays.join("\n")}\n`);
const place = () => ({ id: ID, basePath: base, programs: `${base}/bin` });
const readAsked = async (): Promise<string> => readFile(join(base, "asked"), "utf8").catch(() => "");
const countCalls = async (): Promise<number> =>
  (await readAsked()).split("\n").filter((line) => line.startsWith("sbatch")).length;
const readRows = async (): Promise<string> => readFile(join(folder, "slurm.tsv"), "utf8");
const submit = async (onProgress?: (progress: SubmitProgress) => void) =>
  submitBatches(transport, batches, place(), onProgress);
const ROWS = `101_1\t${jobId(1)}\n101_2\t${jobId(2)}\n102_1\t${jobId(3)}\n`;

test("every batch is submitted in order, and the target has the id of each job before anybody else", async () => {
  const told: SubmitProgress[] = [];
  expect([...(await submit((progress) => told.push(progress)))]).toEqual([
    [1, "101"],
    [2, "102"],
  ]);
  expect(await readRows()).toBe(ROWS);
  expect(await readAsked()).toContain("--dependency=afterok:101 --kill-on-invalid-dep=yes");
  expect(await readFile(join(folder, "submitted"), "utf8")).toBe("");
  expect(told.map(({ detail }) => detail)).toEqual(["1 of 2 batches", "2 of 2 batches"]);
  await expect.poll(readAsked, { timeout: 10_000 }).toContain(`relay ${base} ${ID}\n`);
});

test("one remote command submits, however many batches there are", async () => {
  let commands = 0;
  const counting: Transport = { ...transport, run: async (request) => (commands++, transport.run(request)) };
  await submitBatches(counting, batches, place());
  expect(commands).toBe(1);
});

test("what a login's start-up files print is not taken for an answer", async () => {
  const chatty: Transport = {
    ...transport,
    run: async (request) => {
      await request.onStdout?.(Buffer.from("Welcome, 7 nodes are up\n42\naccepted 1 7\n"));
      return transport.run(request);
    },
  };
  expect([...(await submitBatches(chatty, batches, place())).values()]).toEqual(["101", "102"]);
});

test("what sbatch says is in the error, with the stage, and nothing is tried again", async () => {
  await play("accept", "sbatch: error: Invalid account");
  await expect(submit()).rejects.toMatchObject({
    code: "SLURM_REJECTED",
    message: "sbatch refused 1 job of stage sum: sbatch: error: Invalid account",
  });
  expect(await countCalls()).toBe(2);
});

test.each([
  LIMIT,
  "sbatch: error: AssocGrpSubmitJobsLimit",
  "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
  "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
  "sbatch: error: Batch job submission failed: Resource temporarily unavailable",
])("a refusal that may pass is tried again, and told meanwhile: %s", async (refusal) => {
  await play("accept", refusal, refusal);
  const told: string[] = [];
  expect([...(await submit(({ detail }) => told.push(detail))).values()]).toEqual(["101", "104"]);
  expect(told[1]).toBe(`1 of 2 batches, again in 0 s: ${refusal}`);
  expect(await readRows()).toBe(ROWS.replace("102_1", "104_1"));
});

test("a refusal that does not pass in time ends the submission", async () => {
  await play("accept", ...Array<string>(1000).fill(LIMIT));
  transport = await openScheduler({ REPX_SUBMIT_SECONDS: "2" });
  await expect(submit()).rejects.toMatchObject({
    code: "SLURM_BUSY",
    message: `SLURM did not take 1 job of stage sum for too long: ${LIMIT}`,
  });
});

test("an array that was accepted as sbatch died is found by its comment and not submitted again", async () => {
  await play("accept and die");
  expect([...(await submit()).values()]).toEqual(["101", "102"]);
  expect(await countCalls()).toBe(2);
  expect(await readRows()).toBe(ROWS);
});

test("a submission that was killed goes on where it was", async () => {
  await play("accept", "accept and stay");
  const killed = submit().catch((error: unknown) => error);
  await expect.poll(countCalls, { timeout: 10_000 }).toBe(2);
  const [pid] = (await readlink(join(folder, "submit/1"))).split(" ");
  process.kill(Number(pid), "SIGKILL");
  expect(await killed).toMatchObject({ code: "SLURM_REJECTED" });
  for (const stray of await findProcesses(`--comment=repx:${ID}:2`)) process.kill(stray, "SIGKILL");
  expect([...(await submit()).values()]).toEqual(["101", "102"]);
  expect(await countCalls()).toBe(2);
  expect(await readRows()).toBe(ROWS);
});

test("while SLURM cannot say whether it has an array, it is not submitted again", async () => {
  await play("accept and die");
  await writeFile(join(base, "down"), "");
  transport = await openScheduler({ REPX_SUBMIT_SECONDS: "2" });
  await expect(submit()).rejects.toMatchObject({ code: "SLURM_BUSY" });
  expect(await countCalls()).toBe(1);
  await rm(join(base, "down"));
  await submit();
  expect(await countCalls()).toBe(2);
});

test("half of a batch's rows, as a killed submission leaves them, are written anew", async () => {
  await submit();
  await rm(join(folder, "submitted"));
  await writeFile(join(folder, "slurm.tsv"), ROWS.slice(0, 60));
  await submit();
  expect(await readRows()).toBe(ROWS);
  expect(await countCalls()).toBe(2);
});

test("two that submit the same at once submit it once", async () => {
  const both = await Promise.all([submit(), submit()]);
  expect(both.map((ids) => [...ids.values()])).toEqual([
    ["101", "102"],
    ["101", "102"],
  ]);
  expect(await countCalls()).toBe(2);
  expect(await readRows()).toBe(ROWS);
});

test("a connection that is cut is opened again, and the submission goes on", async () => {
  let cuts = 0;
  const faulty: Transport = {
    ...transport,
    run: async (request) => {
      if (cuts++ > 0) return transport.run(request);
      await transport.run({ ...request, onStdout: () => {} });
      throw new RepxError("SSH_CONNECTION_LOST", "cut", { hint: "" });
    },
  };
  expect([...(await submitBatches(faulty, batches, place())).values()]).toEqual(["101", "102"]);
  expect(await countCalls()).toBe(2);
});

test("a full disk takes the array back that could not be recorded", async () => {
  await symlink("/dev/full", join(folder, "batches/.1.id"));
  await expect(submit()).rejects.toMatchObject({
    code: "SLURM_REJECTED",
    message: expect.stringContaining("disk full"),
  });
  expect((await readAsked()).split("\n")).toContain("scancel 101");
});

test("the relay of a submission is started again where one was killed, and only there", async () => {
  const other = join(base, "submissions/s999999999999999999999999z");
  await mkdir(other);
  await writeFile(join(folder, "relay.pid"), "1 host\n");
  await writeFile(join(other, "programs"), `${base}/bin\n`);
  await reviveRelays(transport, base);
  await expect.poll(readAsked, { timeout: 10_000 }).toBe(`relay ${base} ${ID}\n`);
});

test("a submission that is taken back cancels every array that the target knows of", async () => {
  await play("accept", "sbatch: error: Invalid account");
  await submit().catch(() => {});
  await cancelSubmission(transport, place());
  expect((await readAsked()).split("\n")).toContain("scancel 101");
  expect(await readFile(join(folder, "submitted"), "utf8")).toBe("");
});

test("a submission that is taken back while it goes on stops, and loses the array that nobody recorded", async () => {
  await play("accept", "accept and stay");
  const stopped = submit().catch((error: unknown) => error);
  await expect.poll(countCalls, { timeout: 10_000 }).toBe(2);
  await cancelSubmission(transport, place());
  expect(await stopped).toMatchObject({ code: "SLURM_REJECTED" });
  expect((await readAsked()).split("\n")).toContain("scancel 101 102");
  await expect(submit()).rejects.toMatchObject({
    message: "1 job of stage sum were not submitted: the submission was taken back",
  });
  expect(await countCalls()).toBe(2);
});

test("an array whose id was kept, and whose rows were not, is cancelled with the others", async () => {
  await submit();
  await writeFile(join(folder, "slurm.tsv"), ROWS.split("\n").slice(0, 2).join("\n"));
  await cancelSubmission(transport, place());
  expect((await readAsked()).split("\n")).toContain("scancel 101 102");
});

test("while SLURM cannot say what it has of a batch that was begun, cancelling fails, and cancels the rest", async () => {
  await play("accept", "accept and die");
  await writeFile(join(base, "down"), "");
  transport = await openScheduler({ REPX_SUBMIT_SECONDS: "2" });
  await submit().catch(() => {});
  await expect(cancelSubmission(transport, place())).rejects.toMatchObject({ code: "SLURM_REJECTED" });
  expect((await readAsked()).split("\n")).toContain("scancel 101");
  await rm(join(base, "down"));
  await cancelSubmission(transport, place());
  expect((await readAsked()).split("\n")).toContain("scancel 101 102");
});

test("a submission of which nothing came to the target is taken back without a word", async () => {
  await rm(folder, { recursive: true });
  await expect(cancelSubmission(transport, place())).resolves.toEqual([]);
});

async function findProcesses(word: string): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const lines = await Promise.all(pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((_, index) => lines[index]?.split("\0").includes(word));
}
