// Whether the target can run what is planned, before anything is registered or sent.
import type { ExperimentRequest } from "./experiment.ts";
import { resolveJobResources, type HandOver } from "./hand-over.ts";
import type { JobId } from "./model/ids.ts";
import { planRuntimes } from "./plan-runtimes.ts";
import type { JobRuntime } from "./runtime/runtime-table.ts";
import { readMachine, refuseUnfit } from "./schedule/machine.ts";
import type { Transport } from "./target/transport/transport.ts";

/** Plans what jobs run in. RUNTIME_… where a wish cannot be met; LOCAL_REJECTED where the machine of the scheduler `local` is too small. */
export async function fitJobs(
  transport: Transport,
  { runtime }: Pick<ExperimentRequest, "runtime">,
  work: Pick<HandOver, "study" | "plan" | "parts" | "target" | "resources">,
): Promise<Map<JobId, JobRuntime>> {
  const { plan, target } = work;
  // What others have in the queue may have to run here after all.
  const jobs = [...plan.toRun, ...plan.shared.keys()];
  if (target.scheduler === "local" && jobs.length > 0) {
    const asked = jobs.map((id) => ({ id, resources: resolveJobResources(work, id) }));
    refuseUnfit(asked, await readMachine(transport));
  }
  return planRuntimes({ ...work, wish: runtime }, jobs);
}
