import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type CommandOutput, tryCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";

// An administrator's day: a cluster without any hook gets ours, is tested with a real job, and loses it again.

const KIT = join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog-kit");
// Not below /tmp, which everybody may change.
const FOLDER = `/opt/repx-kit-slurm-${process.pid}`;
const SPOOL = join(FOLDER, "spool");
let cluster: SlurmCluster;
let user: ClusterUser;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: join(FOLDER, "slurm"), user, nodes: 1 });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm(FOLDER, { recursive: true, force: true });
});

async function kit(...words: readonly string[]): Promise<CommandOutput> {
  return tryCommand([KIT, ...words, "--conf", cluster.conf, "--spool", SPOOL], { timeoutSeconds: 90 });
}

async function listHere(): Promise<string[]> {
  const places = [FOLDER, join(FOLDER, "slurm")].map(async (place) => (await readdir(place)).toSorted());
  return (await Promise.all(places)).flat();
}

test("install, restart, self-test with a job, uninstall: a real slurmctld rings, and is then as it was", async () => {
  const before = await listHere();
  const text = await readFile(cluster.conf, "utf8");
  expect((await kit("install", "--write")).stdout).toContain("systemctl restart slurmctld");

  // The first hook of a site is not taken up by `scontrol reconfigure`, though scontrol shows it (22.05).
  await cluster.run(["scontrol", "reconfigure"]);
  const early = await kit("self-test", "--submit", "--user", user.name, "--wait", "4");
  expect(early.exitCode).toBe(1);
  expect(early.stdout).toMatch(/FAILED {2}a job of \S+ rings: .*was slurmctld restarted since\?/);

  await cluster.stopController();
  await cluster.startController();
  const tested = await kit("self-test", "--submit", "--user", user.name, "--wait", "60");
  console.log(tested.stdout);
  expect(tested).toMatchObject({ exitCode: 0, stderr: "" });
  expect(tested.stdout).toMatch(/ok {6}job \d+ of \S+ ended and rang\nall is well\n$/);
  expect(await readdir(SPOOL)).toEqual([]);

  const kept = await kit("uninstall", "--write");
  expect(kept.stderr).toContain(`slurmctld still calls ${join(FOLDER, "slurm/repx-epilog")}`);
  expect(await readFile(cluster.conf, "utf8")).toBe(text);
  await cluster.run(["scontrol", "reconfigure"]);
  expect(await kit("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await listHere()).toEqual(before);
});

test("a job ends as ever after the hook is gone", async () => {
  const argv = ["sbatch", "--parsable", "--chdir=/", "--output=/dev/null", "--wrap=true"];
  const id = (await user.run(argv, { environment: cluster.environment })).stdout.trim();
  const shown = await waitUntil({ what: "the job to be over", timeoutSeconds: 30 }, async () => {
    const { stdout } = await cluster.run(["scontrol", "-o", "show", "job", id]);
    return !/JobState=(PENDING|CONFIGURING|RUNNING|COMPLETING)/.test(stdout) && stdout;
  });
  expect(shown).toContain("JobState=COMPLETED");
});
