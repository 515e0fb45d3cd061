// A researcher at home with a Lab, and a target behind a real sshd whose scheduler is a real SLURM.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GENERATE_1, GENERATE_2, PLOT, SUM } from "../../packages/core/src/lab/lab.fixture.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { type JobScripts, writeScriptedLab } from "./scripted-lab.ts";
import { startTargetStand, type TargetStand } from "./target-stand.ts";

export { GENERATE_1, GENERATE_2, PLOT, SUM };

export interface SlurmStand extends TargetStand {
  readonly cluster: SlurmCluster;
  /** Writes a Lab of two runs, `simulation` (two generators and a sum) and `analysis` (a plot of it); answers its folder. */
  writeLab(scripts: Partial<JobScripts>): Promise<string>;
  /** The submissions' folder of the target. */
  readonly submissions: string;
}

/** Starts all of it; every job succeeds unless a script says otherwise. */
export async function startSlurmStand(
  name: string,
  options: { readonly extraConf?: string } = {},
): Promise<SlurmStand> {
  await using started = new AsyncDisposableStack();
  const folder = `/tmp/repx-cli-${name}-${process.pid}`;
  const user = await ensureClusterUser();
  const cluster = started.use(await startSlurmCluster({ folder, user, nodes: 1, cpusPerNode: 16, ...options }));
  const environment = { ...cluster.environment, REPX_SWEEP_SECONDS: "2" };
  const stand = started.use(await startTargetStand({ environment }));
  await stand.writeConfig('default_scheduler = "slurm"');
  const labs = started.use(new AsyncDisposableStack());
  const running = started.move();
  return {
    ...stand,
    cluster,
    submissions: join(stand.basePath, "submissions"),
    writeLab: async (scripts) => labs.use(await writeScriptedLab(scripts)).folder,
    [Symbol.asyncDispose]: async () => {
      await user.endProcessesOf(cluster.conf);
      await running[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
