// The whole story on one screen: build, plan, register, sync, submit.
import { basename, join } from "node:path";
import { registerSubmission } from "./coordinator.ts";
import type { ExperimentOutcome, ExperimentRequest, SubmissionAccess } from "./experiment.ts";
import { nameProject } from "./gc/name-project.ts";
import { handOver, sendDescription, type HandOver } from "./hand-over.ts";
import { readLabParts } from "./lab-parts.ts";
import { RepxError } from "./model/errors.ts";
import type { JobId } from "./model/ids.ts";
import type { SubmittedJob } from "./model/protocol.ts";
import { planRuntimes } from "./plan-runtimes.ts";
import { count, prepareStudy, readResources, readTarget, type Study } from "./prepare.ts";
import { readPrograms, type Programs } from "./runtime/programs.ts";
import { planJobs, type Plan } from "./schedule/plan.ts";
import { reviveRelays } from "./schedule/submit-batches.ts";
import { findMissing } from "./sync/find-missing.ts";
import { surveyTarget, type Survey } from "./sync/survey.ts";
import { listPlaces } from "./sync/sync-plan.ts";
import { readCredentials, takeBackSubmission } from "./take-back.ts";
import type { Target } from "./target/config/config.ts";
import { openLasting } from "./target/transport/lasting.ts";
import { openTransport, type Transport } from "./target/transport/transport.ts";

/**
 * Submits runs of a Lab to a target. The coordinator knows of the submission before the first job can end, so that no
 * end is lost; when handing over fails after that, its checks are closed again.
 */
export async function submitExperiment(request: ExperimentRequest): Promise<ExperimentOutcome> {
  const { reporter } = request.watch;
  const target = await readTarget(request);
  const resources = await readResources(request);
  const study = await prepareStudy(request);
  const programs = await readPrograms(request.files.programs);

  await using transport = await connect(request, target);
  reporter.start("plan");
  const { survey, parts } = await lookAtTarget(transport, request, { target, study, programs });
  const plan = planJobs(study.order, (job) => survey.succeeded.has(job));
  if (plan.toRun.length > 0) requireSlurm(survey, target);
  const runtimes = planRuntimes({ wish: request.runtime, target, study, resources, parts }, plan.toRun);
  reporter.finish("plan", `${count(plan.toRun.length, "job")} to run, ${plan.reused.size} reused`);

  await reviveRelays(transport, target.basePath);
  // What reuses the results of other Labs is known on the target all the same, or gc would take them with those.
  if (plan.toRun.length === 0) await sendDescription(transport, { study, programs, survey, target });

  reporter.start("register");
  const jobs = describeJobs(study, plan, survey);
  const receipt = await registerSubmission(request.coordinator.origin, await request.coordinator.requestIdToken(), {
    lab: study.opened.lab.hash,
    target: target.name,
    headSha: request.commit.headSha,
    ...(request.commit.pullRequest === undefined ? {} : { pullRequest: request.commit.pullRequest }),
    runs: study.runs.map((run) => ({ name: run.name, jobs: [...run.jobs] })),
    jobs: [...jobs.values()],
  });
  const submission = { id: receipt.id, token: receipt.token };
  request.watch.onRegistered(submission);
  reporter.finish("register", `submission ${receipt.id}`);

  if (plan.toRun.length > 0) {
    const work = { request, study, plan, survey, parts, target, programs, resources, runtimes, submission };
    try {
      await handOver(transport, work);
    } catch (error) {
      await takeBack(request, submission, error);
      throw error;
    }
  }
  const { lab } = study.opened;
  return {
    submission,
    url: receipt.url,
    labHash: lab.hash,
    lab,
    target: target.name,
    runs: study.runs,
    jobs,
    submitted: plan.toRun.length,
  };
}

/** What the target has of what the Lab brings. */
async function lookAtTarget(
  transport: Transport,
  request: ExperimentRequest,
  { target, study, programs }: Pick<HandOver, "target" | "study" | "programs">,
): Promise<Pick<HandOver, "survey" | "parts">> {
  const runs = study.runs.map(({ name }) => name);
  const parts = await readLabParts(study.opened, runs, join(request.process.temporaryFolder, "parts"));
  const places = listPlaces(parts);
  const project = nameProject(request.process.environment, request.process.workFolder);
  const survey = await surveyTarget(transport, {
    ...describeSurvey(target, study, programs),
    root: { project, jobIds: listOtherJobs(study), places },
  });
  // After the survey, which registers the root: what is found from then on stays.
  const missing = await findMissing(transport, target.basePath, places);
  return { survey, parts: { ...parts, missing } };
}

async function connect(request: ExperimentRequest, target: Target): Promise<Transport> {
  const { reporter } = request.watch;
  reporter.start("connect");
  const credentials = readCredentials(request);
  // A connection that is lost while files travel is opened again, and only what did not arrive is sent.
  const transport = await openLasting(async () => openTransport(target, credentials));
  reporter.finish("connect", `to ${transport.description}`);
  return transport;
}

function describeSurvey(
  target: Target,
  { opened, order }: Study,
  programs: Programs,
): Parameters<typeof surveyTarget>[1] {
  return {
    basePath: target.basePath,
    storeNames: opened.lab.storePaths.map((path) => basename(path)),
    jobIds: order,
    labHash: opened.lab.hash,
    programsHash: programs.hash,
  };
}

/** Those of runs that were not selected: an earlier submission may have left what this one's jobs read. */
function listOtherJobs({ opened, order }: Study): JobId[] {
  const selected = new Set(order);
  return [...opened.lab.jobs.keys()].filter((id) => !selected.has(id));
}

function requireSlurm(survey: Survey, target: Target): void {
  if (survey.hasSbatch) return;
  throw new RepxError("SLURM_MISSING", `${survey.user} has no sbatch on target ${target.name}`, {
    hint: "Log in there and see `command -v sbatch`; on some sites SLURM is a module that the login script must load.",
  });
}

function describeJobs({ opened, order, dependencies }: Study, plan: Plan, survey: Survey): Map<JobId, SubmittedJob> {
  return new Map(
    order.map((id): [JobId, SubmittedJob] => {
      const job = opened.lab.jobs.get(id);
      const metricsText = survey.succeeded.get(id);
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
