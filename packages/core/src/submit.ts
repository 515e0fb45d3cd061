// The whole story on one screen: build, plan, register, sync, submit.
import { registerSubmission } from "./coordinator.ts";
import type { ExperimentOutcome, ExperimentRequest, PlanRequest, SubmissionAccess } from "./experiment.ts";
import { handOver, resolveJobResources, sendDescription, type HandOver } from "./hand-over.ts";
import { lookAtTarget } from "./look-at-target.ts";
import { RepxError } from "./model/errors.ts";
import type { JobId } from "./model/ids.ts";
import type { SubmittedJob } from "./model/protocol.ts";
import { planRuntimes } from "./plan-runtimes.ts";
import { count, prepareStudy, readResources, readTarget, type Study } from "./prepare.ts";
import { readPrograms } from "./runtime/programs.ts";
import { readMachine, refuseUnfit } from "./schedule/machine.ts";
import type { Plan } from "./schedule/plan.ts";
import { reviveRelays } from "./schedule/submit-batches.ts";
import type { Survey } from "./sync/survey.ts";
import { readCredentials, takeBackSubmission } from "./take-back.ts";
import type { Target } from "./target/config/config.ts";
import { openLasting } from "./target/transport/lasting.ts";
import { openTransport, type Transport } from "./target/transport/transport.ts";

/**
 * Submits runs of a Lab to a target. The coordinator knows of the submission before the first job can end, so that no
 * end is lost; when handing over fails after that, its checks are closed again. `open` is how the target is reached.
 */
export async function submitExperiment(
  request: ExperimentRequest,
  open: typeof connect = connect,
): Promise<ExperimentOutcome> {
  const { reporter } = request.watch;
  const target = await readTarget(request);
  const resources = await readResources(request);
  const selected = await prepareStudy(request);
  const programs = await readPrograms(request.files.programs);

  await using transport = await open(request, target);
  reporter.start("plan");
  const look = await lookAtTarget(transport, request, { target, study: selected, programs, isDryRun: false });
  const { survey, parts, study, plan: planned } = look;
  if (target.scheduler === "local") await requireMachine(transport, { study, plan: planned, target, resources });
  const runtimes = planRuntimes({ wish: request.runtime, target, study, resources, parts }, [
    ...planned.toRun,
    ...planned.shared.keys(),
  ]);
  reporter.finish("plan", renderCounts(planned));

  await reviveRelays(transport, target.basePath);
  // What reuses the results of other Labs is known on the target all the same, or gc would take them with those.
  if (planned.toRun.length + planned.shared.size === 0)
    await sendDescription(transport, { study, programs, survey, target });

  const jobs = describeJobs(study, planned, survey);
  const registered = await register(request, study, target, jobs);
  const { submission } = registered;
  let plan = planned;
  if (planned.toRun.length + planned.shared.size > 0) {
    const work = { request, study, plan, survey, parts, target, programs, resources, runtimes, submission };
    try {
      plan = await handOver(transport, work);
    } catch (error) {
      await takeBack(request, submission, error);
      throw error;
    }
  }
  const { lab } = study.opened;
  return {
    ...registered,
    labHash: lab.hash,
    lab,
    target: target.name,
    runs: study.runs,
    jobs,
    submitted: plan.toRun.length,
    shared: plan.shared.size,
  };
}

/** Makes the submission known to the coordinator. */
async function register(
  { coordinator, commit, watch }: ExperimentRequest,
  study: Study,
  target: Target,
  jobs: ReadonlyMap<JobId, SubmittedJob>,
): Promise<Pick<ExperimentOutcome, "submission" | "url">> {
  watch.reporter.start("register");
  const { id, token, url } = await registerSubmission(coordinator.origin, await coordinator.requestIdToken(), {
    lab: study.opened.lab.hash,
    target: target.name,
    headSha: commit.headSha,
    ...(commit.pullRequest === undefined ? {} : { pullRequest: commit.pullRequest }),
    runs: study.runs.map((run) => ({ name: run.name, jobs: [...run.jobs] })),
    jobs: [...jobs.values()],
  });
  const submission = { id, token };
  watch.onRegistered(submission);
  watch.reporter.finish("register", `submission ${id}`);
  return { submission, url };
}

function renderCounts({ toRun, reused, shared }: Plan): string {
  const waited = shared.size === 0 ? "" : `, ${shared.size} in the queue already`;
  return `${count(toRun.length, "job")} to run, ${reused.size} reused${waited}`;
}

/** Opens the way to the target; whoever asks for it closes it. */
export async function connect(request: PlanRequest, target: Target): Promise<Transport> {
  const { reporter } = request.watch;
  reporter.start("connect");
  const credentials = readCredentials(request);
  // A connection that is lost while files travel is opened again, and only what did not arrive is sent.
  const transport = await openLasting(async () => openTransport(target, credentials));
  reporter.finish("connect", `to ${transport.description}`);
  return transport;
}

/** What the machine of the scheduler `local` could never run is refused; SLURM says it itself. */
async function requireMachine(
  transport: Transport,
  work: Pick<HandOver, "study" | "plan" | "target" | "resources">,
): Promise<void> {
  if (work.plan.toRun.length === 0) return;
  const jobs = work.plan.toRun.map((id) => ({ id, resources: resolveJobResources(work, id) }));
  refuseUnfit(jobs, await readMachine(transport));
}

function describeJobs({ opened, order, dependencies }: Study, plan: Plan, survey: Survey): Map<JobId, SubmittedJob> {
  return new Map(
    order.map((id): [JobId, SubmittedJob] => {
      const job = opened.lab.jobs.get(id);
      const metricsText = plan.reused.has(id) ? survey.succeeded.get(id) : undefined;
      const dependsOn = (dependencies.get(id) ?? [])
        .map((upstream) => upstream.id)
        .filter((upstream) => dependencies.has(upstream));
      return [
        id,
        {
          id,
          stage: job?.name ?? id,
          parameters: job?.params ?? {},
          dependsOn,
          isReused: plan.reused.has(id),
          ...(metricsText === undefined ? {} : { metricsText }),
        },
      ];
    }),
  );
}

/** Best effort: the failure that is being told weighs more than one of taking back. */
async function takeBack(request: ExperimentRequest, submission: SubmissionAccess, error: unknown): Promise<void> {
  const reason = error instanceof RepxError ? `${error.code}: ${error.message}` : "submitting failed";
  try {
    await takeBackSubmission(request, submission, reason);
  } catch {
    // The Action's post step tries once more; without it the coordinator shows the jobs as queued.
  }
}
