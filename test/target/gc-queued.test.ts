import { existsSync } from "node:fs";
import { mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";
import * as z from "zod";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { runCommand, tryCommand } from "../harness/command.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

// repx-gc beside a real queue, with nothing but open submissions to keep anything.

let cluster: SlurmCluster;
let user: ClusterUser;
let receiver: EventReceiver;
let submission: Submission;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-gc-queued", user });
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openSubmission(cluster, receiver, user, { parent: "/tmp/repx-gc-target" });
  onTestFailed(() => console.log(receiver.events));
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await runCommand(["chmod", "-R", "u+w", submission.target.base]);
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  for (const folder of ["/tmp/repx-gc-queued", "/tmp/repx-gc-target"])
    await rm(folder, { recursive: true, force: true });
});

const STORE = `artifacts/store/${"0".repeat(32)}-data`;
const LAB = "0123456789abcdef";

/** Software of the Lab, a closed folder as Nix leaves it, and a root that is days old. */
async function writeLab(ids: readonly string[]): Promise<void> {
  const { base } = submission.target;
  await mkdir(join(base, STORE), { recursive: true });
  await writeFile(join(base, STORE, "numbers"), "42\n");
  await runCommand(["chmod", "555", join(base, STORE)]);
  await mkdir(join(base, "artifacts/labs", LAB), { recursive: true });
  const folder = join(base, "gcroots/auto/sweep.00000000");
  await mkdir(folder, { recursive: true });
  const root = join(folder, `2026-11-20_10-00-00_${LAB}`);
  const places = [`artifacts/labs/${LAB}`, STORE, ...ids.map((id) => `artifacts/jobs/${id}`), "end"];
  await writeFile(root, `${places.join("\n")}\n`);
  const time = new Date(Date.now() - 3 * 86_400_000);
  await utimes(root, time, time);
  await submission.target.giveAway();
}

/** The first two words of each line. */
async function collect(): Promise<readonly (readonly [string, string])[]> {
  const { base, programs } = submission.target;
  const argv = [join(programs, "repx-gc"), base, "collect", "pinned-only", "14"];
  const { stdout, stderr, exitCode } = await tryCommand(argv, { user, environment: { ...cluster.environment } });
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout.split("\n").map((line) => [line.split("\t")[0] ?? "", line.split("\t")[1] ?? ""]);
}

const Result = z.object({ peakMemoryBytes: z.int().optional(), peakMemorySource: z.string().optional() });

async function readResult(id: string): Promise<unknown> {
  return JSON.parse(await readFile(join(submission.target.base, "outputs", id, "repx/result.json"), "utf8"));
}

test("a job that is queued while gc runs finds all that it needs, and when it has ended that goes", async () => {
  const { base } = submission.target;
  const script = `cat '${base}/${STORE}/numbers'; text=$(head -c 30000000 /dev/zero | tr '\\0' x); echo "\${#text}" >"$1/length"`;
  const { slurmId, ids } = await submission.submit([{ stage: "late", script }], ["--hold", "--mem=200M"]);
  const [id = ""] = ids;
  await writeLab(ids);
  await writeFile(join(base, "outputs/completions.jsonl"), "");
  await mkdir(join(base, `artifacts/store/${"1".repeat(32)}-garbage`));
  await submission.finish();
  await submission.target.giveAway();

  const first = await collect();
  expect(first).toContainEqual(["open", submission.target.submission]);
  expect(first.filter(([word]) => word === "free")).toEqual([["free", `artifacts/store/${"1".repeat(32)}-garbage`]]);
  await cluster.run(["scontrol", "release", slurmId]);
  await using relay = await submission.startRelay({ REPX_SWEEP_SECONDS: "1" });
  expect(await relay.waitForEnd(90)).toBe(0);
  expect(await readFile(join(base, "outputs", id, "repx/stdout.log"), "utf8")).toBe("42\n");
  const { peakMemoryBytes: peak = 0, peakMemorySource: source } = Result.parse(await readResult(id));
  expect([source, peak > 30_000_000, peak <= 200 * 2 ** 20]).toEqual(
    cluster.hasCgroup ? ["cgroup v1 memory.max_usage_in_bytes", true, true] : [undefined, false, true],
  );

  const freed = (await collect()).filter(([word]) => word === "free").map(([, place]) => place);
  expect(freed.toSorted((left, right) => left.localeCompare(right))).toEqual([
    `artifacts/jobs/${id}`,
    `artifacts/labs/${LAB}`,
    STORE,
    `outputs/${id}`,
  ]);
  expect(existsSync(join(base, "outputs/completions.jsonl"))).toBe(true);
  expect(existsSync(submission.target.folder)).toBe(true);
});

test("what a running job needs stays too, without a relay and without an answer of SLURM's", async () => {
  const { base } = submission.target;
  const script = `touch "$1/began"; until [ -e '${base}/go' ]; do sleep 0.1; done; cat '${base}/${STORE}/numbers'`;
  const { slurmId, ids } = await submission.submit([{ stage: "now", script }]);
  const [id = ""] = ids;
  await writeLab(ids);
  await submission.finish();
  await submission.target.giveAway();
  await waitUntil({ what: "the job to begin", timeoutSeconds: 60 }, async () =>
    existsSync(join(base, "outputs", id, "out/began")),
  );
  expect((await collect()).filter(([word]) => word === "free")).toEqual([]);
  const silent = await tryCommand([join(submission.target.programs, "repx-gc"), base, "collect", "pinned-only", "0"], {
    user,
    environment: { SLURM_CONF: "/nonexistent" },
  });
  expect([silent.exitCode, silent.stdout.includes("free\t")]).toEqual([0, false]);
  await writeFile(join(base, "go"), "");
  await waitUntil({ what: `${slurmId} to end`, timeoutSeconds: 60 }, async () => {
    return existsSync(join(base, "outputs", id, "repx/SUCCESS"));
  });
  expect(await readFile(join(base, "outputs", id, "repx/stdout.log"), "utf8")).toBe("42\n");
});
