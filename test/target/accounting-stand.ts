import type { Accounting } from "../harness/accounting.ts";
import type { SlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { TargetFolder } from "./target-folder.ts";

/** The cluster's slurmdbd; a test that asks for it on a cluster without one is wrong. */
export function accountingOf(cluster: SlurmCluster): Accounting {
  if (cluster.accounting === undefined) throw new Error("this cluster has no slurmdbd");
  return cluster.accounting;
}

/** Waits until squeue names none of the user's jobs (MinJobAge). */
export async function waitUntilForgotten(cluster: SlurmCluster, user: TargetFolder["user"]): Promise<void> {
  await waitUntil({ what: "SLURM to forget the jobs", timeoutSeconds: 90, intervalMs: 500 }, async () => {
    const { stdout } = await user.run(["squeue", "--me", "-h", "-t", "all"], { environment: cluster.environment });
    return stdout.trim() === "";
  });
}

/** Waits until sacct has an end for every attempt of these jobs: it lags, the more when slurmdbd was away. */
export async function waitForAccounting(cluster: SlurmCluster, slurmIds: readonly string[]): Promise<void> {
  const argv = ["sacct", "-X", "-n", "-P", "-D", "-j", slurmIds.join(","), "-o", "State,End"];
  await waitUntil({ what: "sacct to know the ends", timeoutSeconds: 60, intervalMs: 500 }, async () => {
    const rows = (await cluster.run(argv).catch(() => ({ stdout: "" }))).stdout.split("\n").filter((row) => row !== "");
    return rows.length >= slurmIds.length && rows.every((row) => !/^(?:RUNNING|PENDING)|Unknown$/.test(row));
  });
}
