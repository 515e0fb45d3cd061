import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { findMarked, readPidFile } from "../harness/process.ts";
import { type ScratchFolder, startScratchFolder } from "../harness/scratch-folder.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";

let scratch: ScratchFolder;
let user: ClusterUser;
let cluster: SlurmCluster;

beforeAll(async () => {
  scratch = await startScratchFolder();
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: join(scratch.path, "c"), user, nodes: 1, hasAccounting: true });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  const left = await findMarked("SLURM_CONF", cluster.conf);
  await scratch[Symbol.asyncDispose]();
  if (left.length > 0) throw new Error(`left behind: ${left.map((one) => one.comm).join(", ")}`);
});

async function askSacct(job: string): Promise<string> {
  const argv = ["sacct", "-X", "-n", "-P", "-j", job, "-o", "State,ExitCode,Comment"];
  return (await user.run(argv, { environment: cluster.environment })).stdout.trim();
}

async function submit(script: string): Promise<string> {
  const argv = ["sbatch", "--parsable", "--output=/dev/null", "--comment=repx:1", `--wrap=${script}`];
  return (await user.run(argv, { environment: cluster.environment })).stdout.trim();
}

async function expectWord(job: string, word: string): Promise<void> {
  onTestFailed(async () => console.log(await cluster.readLogs()));
  await waitUntil({ what: `sacct to say ${word}`, timeoutSeconds: 30, intervalMs: 200 }, async () =>
    (await askSacct(job).catch(String)) === word ? true : undefined,
  );
}

test("sacct knows a job's end and its comment", async () => {
  await expectWord(await submit("exit 3"), "FAILED|3:0|repx:1");
});

test("what ended while slurmdbd was dead is told when it is back", async () => {
  await cluster.accounting?.killDaemon();
  const job = await submit("exit 4");
  await waitUntil({ what: "the job's end", timeoutSeconds: 20 }, async () =>
    (await cluster.run(["squeue", "-h", "-t", "all", "-j", job, "-o", "%T"])).stdout.includes("FAILED"),
  );
  await expect(askSacct(job)).rejects.toThrow("Connection refused");
  await cluster.accounting?.startDaemon();
  await expectWord(job, "FAILED|4:0|repx:1");
});

test("the database is reached by its closed socket alone, and slurmdbd on loopback where the host name is", async () => {
  expect((await stat(join(cluster.folder, "db"))).mode & 0o777).toBe(0o700);
  await expect(user.run(["ls", join(cluster.folder, "db")])).rejects.toThrow("Permission denied");
  const text = await readFile(join(cluster.folder, "slurmdbd.conf"), "utf8");
  const port = Number(/^DbdPort=(\d+)$/m.exec(text)?.[1]);
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const pid = await readPidFile(join(cluster.folder, "pid/mariadbd.pid"));
  const [listening, database] = await Promise.all([
    listListening("/proc/net/tcp").then((all) => all.filter((one) => one.endsWith(`:${hexPort}`))),
    readFile(`/proc/${pid}/cmdline`, "utf8").then((line) => line.split("\0")),
  ]);
  expect(listening).toEqual([`${text.includes("NoInAddrAny") ? "0100007F" : "00000000"}:${hexPort}`]);
  expect(database).toContain("--skip-networking");
});

async function listListening(table: string): Promise<string[]> {
  const lines = (await readFile(table, "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  return lines.flatMap(([, local = "", , state]) => (state === "0A" ? [local] : []));
}
