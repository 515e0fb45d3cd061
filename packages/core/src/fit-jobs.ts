// Whether the target can run what is planned, before anything is registered or sent.
import { describeJobs } from "./describe-jobs.ts";
import type { ExperimentRequest } from "./experiment.ts";
import type { HandOver } from "./hand-over.ts";
import { planRuntimes } from "./plan-runtimes.ts";
import { askSlurm } from "./schedule/ask-slurm.ts";
import { checkResources } from "./schedule/check-resources.ts";
import { readMachine, refuseUnfit } from "./schedule/machine.ts";
import type { Transport } from "./target/transport/transport.ts";

/**
 * Plans what jobs run in, and asks the scheduler for its limits. RUNTIME_… where a wish cannot be met; SLURM_UNSATISFIABLE or
 * LOCAL_REJECTED where the target never lets such a job run.
 */
export async function fitJobs(
  transport: Transport,
  { runtime }: Pick<ExperimentRequest, "runtime">,
  work: Pick<HandOver, "study" | "plan" | "parts" | "target" | "resources">,
): Promise<Pick<HandOver, "runtimes" | "slurm">> {
  const { toRun, shared } = work.plan;
  // What others have in the queue may have to run here after all.
  const jobs = [...toRun, ...shared.keys()];
  const runtimes = planRuntimes({ ...work, wish: runtime }, jobs);
  if (jobs.length === 0) return { runtimes };
  const described = describeJobs(work, jobs);
  if (work.target.scheduler === "local") {
    refuseUnfit(described, await readMachine(transport));
    return { runtimes };
  }
  const slurm = await askSlurm(transport);
  const items = described.flatMap((job) => (job.items === undefined ? [] : [{ ...job, resources: job.items }]));
  checkResources([...described, ...items], slurm, work.target.name);
  return { runtimes, slurm };
}
