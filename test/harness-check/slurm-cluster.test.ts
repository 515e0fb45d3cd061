import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { findMarked, readPidFile, readProcess, sendSignal } from "../harness/process.ts";
import { type ScratchFolder, startScratchFolder } from "../harness/scratch-folder.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";

/** Writes what it was given where the wrapper says; builtins only, as slurmctld kills the group when it ends. */
const EPILOG = `#!/bin/sh
{ echo "conf=$SLURM_CONF"; echo "path=$PATH"; echo "extra=$EXTRA"; echo "job=$SLURM_JOB_ID"; } > "$REPX_SPOOL/$SLURM_JOB_ID.ring"
`;

describe("a SLURM cluster", () => {
  let scratch: ScratchFolder;
  let user: ClusterUser;
  let cluster: SlurmCluster;

  beforeAll(async () => {
    scratch = await startScratchFolder();
    user = await ensureClusterUser();
    const epilog = join(scratch.path, "ring.sh");
    await writeFile(epilog, EPILOG);
    cluster = await startSlurmCluster({
      folder: join(scratch.path, "c"),
      user,
      epilog,
      epilogEnvironment: { EXTRA: "a-b_c" },
    });
  }, 60_000);

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    const left = await findMarked("SLURM_CONF", cluster.conf);
    await scratch[Symbol.asyncDispose]();
    if (left.length > 0) throw new Error(`left behind: ${left.map((one) => one.comm).join(", ")}`);
  }, 60_000);

  const submit = async (script: string, ...more: string[]) => {
    const argv = ["sbatch", "--parsable", "--output=/dev/null", "--chdir=/tmp", ...more];
    const { stdout } = await user.run(argv, { environment: cluster.environment, stdin: `#!/bin/sh\n${script}\n` });
    return stdout.trim();
  };
  const waitForState = async (job: string, state: string) =>
    waitUntil({ what: `job ${job} to be ${state}`, timeoutSeconds: 40 }, async () => {
      const { stdout } = await cluster.run(["scontrol", "-o", "show", "job", job]);
      return stdout.includes(`JobState=${state} `) ? stdout : undefined;
    });

  test("says which SLURM it is and has two idle nodes", async () => {
    expect(cluster.version).toMatch(/^slurm-wlm 2\d\.\d+/);
    expect(cluster.nodes).toHaveLength(2);
    expect((await cluster.run(["sinfo", "-h", "-o", "%D %T"])).stdout.trim()).toBe("2 idle");
  });

  test("runs a job as the user, and rings the epilog with its settings", async () => {
    const job = await submit("id -un > $HOME/harness-check", "--comment=repx:1");
    await waitForState(job, "COMPLETED");
    expect(await readFile(join(user.home, "harness-check"), "utf8")).toBe(`${user.name}\n`);
    const ring = await waitUntil({ what: "the doorbell", timeoutSeconds: 10 }, async () =>
      readFile(join(cluster.doorbells, `${job}.ring`), "utf8").catch(() => undefined),
    );
    expect(ring).toContain(`conf=${cluster.conf}\n`);
    expect(ring).toContain("path=/usr/local/sbin:");
    expect(ring).toContain("extra=a-b_c\n");
    expect(ring).toContain(`job=${job}\n`);
  });

  test("lets the user read the doorbells but not write them", async () => {
    expect((await stat(cluster.doorbells)).mode & 0o777).toBe(0o755);
    await user.run(["ls", cluster.doorbells]);
    await expect(user.run(["touch", join(cluster.doorbells, "x")])).rejects.toThrow("Permission denied");
  });

  test("keeps a dependant of a failed job pending, since kill_invalid_depend is not set", async () => {
    const failed = await submit("exit 3");
    const next = await submit("true", `--dependency=afterok:${failed}`);
    await waitForState(failed, "FAILED");
    const shown = await waitUntil({ what: "the reason", timeoutSeconds: 20 }, async () => {
      const { stdout } = await cluster.run(["scontrol", "-o", "show", "job", next]);
      return stdout.includes("Reason=DependencyNeverSatisfied") ? stdout : undefined;
    });
    expect(shown).toContain("JobState=PENDING ");
    await cluster.run(["scancel", next]);
  });

  test("knows its jobs again when the controller is started anew", async () => {
    const job = await submit("sleep 300");
    await waitForState(job, "RUNNING");
    await cluster.stopController();
    await expect(cluster.run(["scontrol", "ping"])).rejects.toThrow("DOWN");
    await cluster.startController();
    await waitForState(job, "RUNNING");
    await cluster.run(["scancel", job]);
    await waitForState(job, "CANCELLED");
  });

  test("makes a real NODE_FAIL and takes the node back", async () => {
    const [node = ""] = cluster.nodes;
    const job = await submit("sleep 300", `--nodelist=${node}`, "--no-requeue");
    await waitForState(job, "RUNNING");
    await cluster.setNodeState(node, "down");
    await waitForState(job, "NODE_FAIL");
    await cluster.setNodeState(node, "resume");
    const next = await submit("true", `--nodelist=${node}`);
    expect(await waitForState(next, "COMPLETED")).toContain(`NodeList=${node} `);
  });

  test("listens on loopback only where the host name is a loopback address", async () => {
    const text = await readFile(cluster.conf, "utf8");
    const port = Number(/^SlurmctldPort=(\d+)$/m.exec(text)?.[1]);
    const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
    const listening = (await readFile("/proc/net/tcp", "utf8"))
      .split("\n")
      .find((line) => line.includes(`:${hexPort} 00000000:0000 0A`));
    const address = text.includes("NoCtldInAddrAny") ? "0100007F" : "00000000";
    expect(listening?.trim().split(/\s+/)[1]).toBe(`${address}:${hexPort}`);
  });

  test("prints its logs", async () => {
    expect(await cluster.readLogs()).toMatch(/--- slurmctld\.log[\s\S]*slurmctld version/);
  });
});

test("starts in the folder of a cluster that was killed, ends what that left, and gives out new job ids", async () => {
  await using scratch = await startScratchFolder();
  const user = await ensureClusterUser();
  const folder = join(scratch.path, "c");
  await using first = await startSlurmCluster({ folder, user, nodes: 1 });
  const job = async (cluster: SlurmCluster) =>
    (
      await user.run(["sbatch", "--parsable", "--output=/dev/null", "--wrap=sleep 300"], {
        environment: cluster.environment,
      })
    ).stdout.trim();
  const firstJob = await job(first);
  await waitUntil({ what: "the job to run", timeoutSeconds: 20 }, async () =>
    (await first.run(["squeue", "-h", "-t", "R"])).stdout.includes(firstJob),
  );
  const old = await findMarked("SLURM_CONF", first.conf);
  const controller = await readPidFile(join(folder, "pid/slurmctld.pid"));
  if (controller !== undefined) sendSignal(controller, "SIGKILL");

  await using second = await startSlurmCluster({ folder, user, nodes: 1 });
  expect(old.map((one) => one.comm)).toContain("slurmstepd");
  expect((await Promise.all(old.map((one) => readProcess(one.pid)))).filter((one) => one !== undefined)).toEqual([]);
  expect(Number(await job(second))).toBeGreaterThan(Number(firstJob));
  expect(await readdir(join(folder, "pid"))).toHaveLength(2);
}, 60_000);

test("refuses a folder that is too long for munge's socket", async () => {
  await using scratch = await startScratchFolder();
  const folder = join(scratch.path, "x".repeat(90));
  await expect(startSlurmCluster({ folder, user: await ensureClusterUser() })).rejects.toThrow("shorter folder");
});
