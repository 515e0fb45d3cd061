import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

let folder: string;
let user: ClusterUser;
let cluster: SlurmCluster;
let target: TargetFolder;

beforeAll(async () => {
  folder = await mkdtemp("/tmp/repx-jobcomp-");
  user = await ensureClusterUser();
  const epilog = join(REPOSITORY_ROOT, "packages/core/epilog/repx-epilog");
  cluster = await startSlurmCluster({ folder: join(folder, "slurm"), user, epilog, hook: "jobcomp/script" });
  target = await makeTargetFolder(join(folder, "scratch"), user);
  await target.giveAway();
});
afterAll(async () => {
  await target[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function submit(options: readonly string[], script: string): Promise<string> {
  const argv = ["sbatch", "--parsable", `--chdir=${target.folder}`, "--output=/dev/null", ...options];
  const { stdout } = await user.run(argv, { stdin: `#!/bin/sh\n${script}\n`, environment: cluster.environment });
  return stdout.trim();
}

test("as JobCompType=jobcomp/script the same file rings for every end, also of a job that was never started", async () => {
  const array = await submit(["--array=1-2"], "exit $SLURM_ARRAY_TASK_ID");
  const held = await submit(["--hold"], "true");
  await user.run(["scancel", held], { environment: cluster.environment });
  const wanted = [`${array}_1`, `${array}_2`, held].map((id) => `${target.submission}.${id}.n`).toSorted();
  const bells = await waitUntil({ what: "three doorbells", timeoutSeconds: 30 }, async () => {
    const names = (await readdir(cluster.doorbells)).filter((name) => name.startsWith("s"));
    return names.length >= wanted.length && names.toSorted();
  });
  expect(bells).toEqual(wanted);
  const bell: unknown = JSON.parse(
    await readFile(join(cluster.doorbells, `${target.submission}.${array}_2.n`), "utf8"),
  );
  expect(bell).toMatchObject({ submission: target.submission, slurmId: `${array}_2`, hook: "jobcomp", exit: "2:0" });
});

test("a job of somebody who does not use RepX rings no bell", async () => {
  const before = await readdir(cluster.doorbells);
  const argv = ["sbatch", "--parsable", "--chdir=/tmp", "--output=/dev/null", "--wrap=true"];
  const stranger = (await user.run(argv, { environment: cluster.environment })).stdout.trim();
  const own = await submit([`--dependency=afterany:${stranger}`], "true");
  // SLURM calls the script for one end after the other: with the later bell there, the earlier would be too.
  const bells = await waitUntil({ what: "our bell", timeoutSeconds: 30 }, async () => {
    const names = await readdir(cluster.doorbells);
    return names.includes(`${target.submission}.${own}.n`) && names;
  });
  expect(bells.toSorted()).toEqual([...before, `${target.submission}.${own}.n`].toSorted());
});
