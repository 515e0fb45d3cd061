// A merge queue's commit is new, its Lab often is not: what has passed is registered again as reused, without the target.
import { findKnownLab } from "./coordinator.ts";
import type { RegisteredOutcome, RegisteredRequest } from "./experiment.ts";
import type { JobId } from "./model/ids.ts";
import type { KnownLab, SubmittedJob } from "./model/protocol.ts";
import { count, type Study } from "./prepare.ts";
import { describeJob, nameSubmission } from "./register.ts";
import type { Target } from "./target/config/config.ts";

/** Registers runs that have passed with the same Lab on the same target; undefined when the coordinator knows of none. */
export async function submitKnownLab(
  request: RegisteredRequest,
  study: Study,
  target: Target,
): Promise<RegisteredOutcome | undefined> {
  const { coordinator, watch } = request;
  const { lab } = study.opened;
  const known = await findKnownLab(coordinator.origin, await coordinator.requestIdToken(), {
    lab: lab.hash,
    target: target.name,
    runs: study.runs.map((run) => run.name),
  });
  const jobs = known === undefined ? undefined : describeJobs(study, known);
  if (known === undefined || jobs === undefined) return undefined;
  watch.reporter.start("plan");
  watch.reporter.finish("plan", `${count(jobs.size, "job")} passed in submission ${known.submission}`);
  const { id, registration } = await nameSubmission(request, study, target, jobs);
  if (registration === undefined) return undefined;
  return {
    id,
    registration,
    labHash: lab.hash,
    lab,
    target: target.name,
    runs: study.runs,
    jobs,
    submitted: 0,
    shared: 0,
  };
}

/** Every job as reused; undefined when one is not known to have passed. */
function describeJobs(study: Study, known: KnownLab): Map<JobId, SubmittedJob> | undefined {
  const passed = new Map(known.jobs.map((job) => [job.id, job]));
  const jobs = new Map<JobId, SubmittedJob>();
  for (const id of study.order) {
    const job = passed.get(id);
    if (job === undefined) return undefined;
    jobs.set(id, describeJob(study, id, { isReused: true, metricsText: job.metricsText }));
  }
  return jobs;
}
