// The whole story on one screen: build, plan, register, sync, submit.
import { abandonSubmission } from "./abandon.ts";
import { connect } from "./connect.ts";
import type { ExperimentOutcome, ExperimentRequest, RegisteredOutcome, RegisteredRequest } from "./experiment.ts";
import { fitJobs } from "./fit-jobs.ts";
import { handOver, sendDescription, type HandOver } from "./hand-over.ts";
import { lookAtTarget } from "./look-at-target.ts";
import { RepxError } from "./model/errors.ts";
import type { JobId } from "./model/ids.ts";
import type { SourceLine, SubmittedJob } from "./model/protocol.ts";
import { count, prepareStudy, readPlaces, readResources, readTarget, type Study } from "./prepare.ts";
import { submitKnownLab } from "./known-lab.ts";
import { describeJob, markAdvisory, nameSubmission } from "./register.ts";
import { OWN_PROGRAMS, readPrograms } from "./runtime/programs.ts";
import { cancelSubmission } from "./schedule/cancel-submission.ts";
import type { Plan } from "./schedule/plan.ts";
import { reviveRelays } from "./schedule/revive-relays.ts";
import type { Survey } from "./sync/survey.ts";
import type { Transport } from "./target/transport/transport.ts";

/**
 * Submits runs of a Lab to a target. A coordinator knows of the submission before the first job can end, so that no end
 * is lost. When handing over fails, what the scheduler has of it is cancelled and the coordinator's checks are closed again.
 */
export async function submitExperiment(request: RegisteredRequest): Promise<RegisteredOutcome>;
export async function submitExperiment(request: ExperimentRequest): Promise<ExperimentOutcome>;
export async function submitExperiment(request: ExperimentRequest): Promise<ExperimentOutcome> {
  const { reporter } = request.watch;
  const target = await readTarget(request);
  const resources = await readResources(request);
  const selected = await prepareStudy(request);
  markAdvisory(request, selected);
  if (request.isMergeQueue === true && isRegistered(request)) {
    const known = await submitKnownLab(request, selected, target);
    if (known !== undefined) return known;
  }
  const programs = await readPrograms(request.files.programs ?? OWN_PROGRAMS);

  reporter.start("connect");
  await using transport = await connect(request, target);
  reporter.finish("connect", `to ${transport.description}`);
  reporter.start("plan");
  const look = await lookAtTarget(transport, request, { target, study: selected, programs, isDryRun: false });
  const { survey, parts, study, plan: planned } = look;
  const fitted = await fitJobs(transport, request, { ...look, target, resources });
  reporter.finish("plan", renderCounts(planned));

  await reviveRelays(transport, target.basePath);
  const places = await readPlaces(request, resources);
  const jobs = registerJobs(study, planned, survey, (id) => places(id, target.name));
  const submission = await nameSubmission(request, study, target, jobs);
  const work = { request, study, plan: planned, survey, parts, target, programs, resources, ...fitted, submission };
  const plan = await handOverOrTakeBack(transport, work);
  const { lab } = study.opened;
  return {
    ...submission,
    labHash: lab.hash,
    lab,
    target: target.name,
    runs: markAdvisory(request, study),
    jobs,
    submitted: plan.toRun.length,
    shared: plan.shared.size,
  };
}

function isRegistered(request: ExperimentRequest): request is RegisteredRequest {
  return request.coordinator !== undefined && request.commit !== undefined;
}

function renderCounts({ toRun, reused, shared }: Plan): string {
  const waited = shared.size === 0 ? "" : `, ${shared.size} in the queue already`;
  return `${count(toRun.length, "job")} to run, ${reused.size} reused${waited}`;
}

/** What reuses all results of other Labs is described on the target all the same, or gc would take them with those. */
async function handOverOrTakeBack(transport: Transport, work: HandOver): Promise<Plan> {
  const { plan } = work;
  try {
    if (plan.toRun.length + plan.shared.size > 0) return await handOver(transport, work);
    await sendDescription(transport, work);
    return plan;
  } catch (error) {
    await takeBack(transport, work, error);
    throw error;
  }
}

function registerJobs(
  study: Study,
  plan: Plan,
  survey: Survey,
  locate: (id: JobId) => SourceLine | undefined,
): Map<JobId, SubmittedJob> {
  return new Map(
    study.order.map((id): [JobId, SubmittedJob] => {
      const isReused = plan.reused.has(id);
      const metricsText = isReused ? survey.succeeded.get(id) : undefined;
      return [id, describeJob(study, id, { isReused, metricsText, resourcesAt: isReused ? undefined : locate(id) })];
    }),
  );
}

/** Best effort: the failure that is being told weighs more than one of taking back. */
async function takeBack(
  transport: Transport,
  { request, target, submission }: Pick<HandOver, "request" | "target" | "submission">,
  error: unknown,
): Promise<void> {
  const reason = error instanceof RepxError ? `${error.code}: ${error.message}` : "submitting failed";
  const { id, registration } = submission;
  // What the target has of it runs on where it cannot be reached; its own events count more than what is assumed here.
  await cancelSubmission(transport, { basePath: target.basePath, id }).catch(() => {});
  if (request.coordinator === undefined || registration === undefined) return;
  // The Action's post step tries once more; without it the coordinator shows the jobs as queued.
  await abandonSubmission(request.coordinator.origin, registration, reason, request.process.now()).catch(() => {});
}
