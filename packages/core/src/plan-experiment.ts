// What submitting would do, and why: nothing is registered, sent or made.
import { connect } from "./connect.ts";
import type { PlanRequest } from "./experiment.ts";
import { fitJobs } from "./fit-jobs.ts";
import { identifyJobs } from "./identify-jobs.ts";
import { lookAtTarget } from "./look-at-target.ts";
import type { JobId, LabHash, RunName } from "./model/ids.ts";
import { prepareStudy, readResources, readTarget } from "./prepare.ts";
import { OWN_PROGRAMS, readPrograms } from "./runtime/programs.ts";
import { readEarlierJobs } from "./schedule/earlier-jobs.ts";
import { explainPlan, listUnexplained } from "./schedule/explain.ts";
import type { PlannedJob } from "./schedule/render-plan.ts";

/** A plan with its reasons: plain data, for JSON as it is. */
export interface ExperimentPlan {
  readonly lab: LabHash;
  readonly target: string;
  readonly runs: readonly { readonly name: RunName; readonly jobs: readonly JobId[] }[];
  readonly counts: { readonly total: number; readonly run: number; readonly wait: number; readonly reuse: number };
  /** Each after all that it waits for. */
  readonly jobs: readonly PlannedJob[];
}

/** Plans as `submitExperiment` does, refusing what that would refuse, and explains what would run. */
export async function planExperiment(request: PlanRequest): Promise<ExperimentPlan> {
  const { reporter } = request.watch;
  const target = await readTarget(request);
  const resources = await readResources(request);
  const selected = await prepareStudy(request);
  const programs = await readPrograms(request.files.programs ?? OWN_PROGRAMS);
  reporter.start("connect");
  await using transport = await connect(request, target);
  reporter.finish("connect", `to ${transport.description}`);
  reporter.start("plan");
  const look = await lookAtTarget(transport, request, { target, study: selected, programs, isDryRun: true });
  await fitJobs(transport, request, { ...look, target, resources });
  const { plan, facts, study } = look;
  const jobs = identifyJobs(study, plan.toRun);
  const stages = listUnexplained({ plan, facts, jobs });
  const begun = plan.toRun.filter((id) => facts.failed.has(id) || facts.incomplete.has(id));
  const earlier =
    stages.length + begun.length === 0
      ? []
      : await readEarlierJobs(transport, target.basePath, { jobs: begun, stages });
  const reasons = explainPlan({ plan, facts, jobs, earlier });
  reporter.finish("plan", `${plan.toRun.length} to run, ${plan.reused.size} reused, ${plan.shared.size} in the queue`);
  const describe = (id: JobId): PlannedJob => {
    const job = { id, stage: study.opened.lab.jobs.get(id)?.name ?? id };
    const queued = plan.shared.get(id);
    if (queued !== undefined) {
      const { slurmId, submission, isRunning } = queued;
      return { ...job, action: "wait", slurmId, submission, isRunning };
    }
    return plan.reused.has(id)
      ? { ...job, action: "reuse" }
      : { ...job, action: "run", reason: reasons.get(id) ?? { kind: "first" } };
  };
  return {
    lab: study.opened.lab.hash,
    target: target.name,
    runs: study.runs,
    counts: {
      total: plan.order.length,
      run: plan.toRun.length,
      wait: plan.shared.size,
      reuse: plan.reused.size,
    },
    jobs: plan.order.map(describe),
  };
}
