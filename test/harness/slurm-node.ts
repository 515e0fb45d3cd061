import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { findMarked, killProcesses, type ProcessState, readProcesses, stopByPidFile } from "./process.ts";

/** One slurmd of a cluster, and what runs below it. */
export interface SlurmNode {
  /** At once; its jobs go on, and SLURM takes the node for lost after SlurmdTimeout. */
  killDaemon(): Promise<void>;
  startDaemon(): Promise<void>;
  /** As a power cut: the daemon, its jobs and what it knew of them are gone. */
  cutPower(): Promise<void>;
}

/** The node of this name in the cluster of this folder. */
export function findSlurmNode(folder: string, name: string): SlurmNode {
  const conf = join(folder, "slurm.conf");
  const killDaemon = async () =>
    stopByPidFile(join(folder, "pid", `slurmd.${name}.pid`), { comm: "slurmd", mentions: conf, graceSeconds: 0 });
  return {
    killDaemon,
    startDaemon: async () => void (await runCommand(["/usr/sbin/slurmd", "-N", name, "-f", conf])),
    cutPower: async () => {
      await killDaemon();
      const tasks = await findMarked("SLURMD_NODENAME", name);
      // First the step daemons, which would tell slurmctld how their tasks ended.
      const steps = await readProcesses();
      await killProcesses(steps.filter((step) => step.comm === "slurmstepd" && isParent(step, tasks)));
      await killProcesses(tasks);
      // Without it the next launch of a requeued job is refused as a duplicate, and the node is drained.
      const spool = join(folder, "spool", name);
      for (const entry of await readdir(spool)) await rm(join(spool, entry), { recursive: true, force: true });
    },
  };
}

function isParent({ pid }: ProcessState, children: readonly ProcessState[]): boolean {
  return children.some((child) => child.parent === pid);
}
