import { listDependencies, type SubmissionStatus } from "@repx/core/submissions";
import { isConcluded, summarizeRun } from "@repx/core/model";

/** Describes a submission for programs, without its jobs. */
export function describeSubmission(status: SubmissionStatus): Record<string, unknown> {
  const { id, plan, scheduler, handOver, isRelayAlive } = status;
  return {
    submission: id,
    createdAt: plan.createdAt,
    lab: plan.lab.hash,
    concluded: isConcluded(status),
    scheduler: { up: scheduler.isUp, seenAt: scheduler.seenAt ?? null, error: scheduler.error ?? null },
    handedOver: handOver,
    relayAlive: isRelayAlive,
    runs: plan.runs.map(({ name }) => {
      const { verdict, title, counts } = summarizeRun(status, name);
      return { name, verdict, title, counts: Object.fromEntries(counts) };
    }),
  };
}

/** Describes every job of a submission for programs. */
export function describeJobs({ plan, records, slurmIds }: SubmissionStatus): Record<string, unknown>[] {
  return plan.jobs.map((job) => {
    const { id, stage } = job;
    const {
      evidence: _,
      slurmState: _state,
      ended: _ended,
      earlier: _earlier,
      ...record
    } = records.get(id) ?? { state: "queued", attempt: 0 };
    return {
      id,
      stage,
      dependsOn: listDependencies(plan, job).map((upstream) => upstream.id),
      slurmId: slurmIds.get(id) ?? null,
      ...record,
    };
  });
}
