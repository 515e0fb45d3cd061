// What the target has of what a Lab brings, and what must run because of that.
import { basename, join } from "node:path";
import type { PlanRequest } from "./experiment.ts";
import { nameProject } from "./gc/name-project.ts";
import type { HandOver } from "./hand-over.ts";
import { narrowSelection } from "./lab/job-selection.ts";
import { readLabParts } from "./lab-parts.ts";
import { RepxError } from "./model/errors.ts";
import type { JobId } from "./model/ids.ts";
import { count, type Study } from "./prepare.ts";
import type { Programs } from "./runtime/programs.ts";
import { NO_WISHES } from "./schedule/plan-wishes.ts";
import { chooseFailed, planJobs, type JobFacts, type Plan } from "./schedule/plan.ts";
import {
  parseQueue,
  parseRevisions,
  QUEUE_QUESTION,
  refuseSilence,
  REVISION_QUESTION,
} from "./schedule/queue-question.ts";
import { findMissing } from "./sync/find-missing.ts";
import { surveyTarget, type Survey } from "./sync/survey.ts";
import { listPlaces } from "./sync/sync-plan.ts";
import type { Target } from "./target/config/config.ts";
import type { Transport } from "./target/transport/transport.ts";

/** What was found, and what follows from it; the study holds no more than what is planned. */
export interface Look extends Pick<HandOver, "survey" | "parts"> {
  readonly facts: JobFacts;
  readonly plan: Plan;
  readonly study: Study;
}

/** Asks the target in two commands and plans. Nothing is made there for a dry run, and no root is registered. */
export async function lookAtTarget(
  transport: Transport,
  request: PlanRequest,
  work: { readonly target: Target; readonly study: Study; readonly programs: Programs; readonly isDryRun: boolean },
): Promise<Look> {
  const { target, study, programs, isDryRun } = work;
  const wishes = request.wishes ?? NO_WISHES;
  const runs = study.runs.map(({ name }) => name);
  const parts = await readLabParts(study.opened, runs, join(request.process.temporaryFolder, "parts"));
  const places = listPlaces(parts);
  const project = nameProject(request.process.environment, request.process.workFolder);
  const survey = await surveyTarget(transport, {
    basePath: target.basePath,
    storeNames: study.opened.lab.storePaths.map((path) => basename(path)),
    jobIds: study.order,
    labHash: study.opened.lab.hash,
    programsHash: programs.hash,
    // The agent of the scheduler `local` is not asked: its jobs wait for each other by the wrapper's lock.
    questions:
      (target.scheduler === "slurm" ? QUEUE_QUESTION : "") + (wishes.rev === undefined ? "" : REVISION_QUESTION),
    ...(isDryRun ? { isDryRun } : { root: { project, jobIds: listOtherJobs(study), places } }),
  });
  // After the survey, which registers the root: what is found from then on stays.
  const missing = await findMissing(transport, target.basePath, places);
  const facts = readFacts(survey);
  const wanted = wishes.isOnlyFailed ? narrowToFailed(study, facts, target) : study;
  const plan = planJobs(wanted, facts, wishes);
  if (plan.toRun.length > 0 && target.scheduler === "slurm") requireSlurm(survey, target);
  return { survey, parts: { ...parts, missing }, facts, plan, study: wanted };
}

/** Those that were not selected: an earlier submission may have left what this one's jobs read. */
function listOtherJobs({ opened, order }: Study): JobId[] {
  const selected = new Set(order);
  return [...opened.lab.jobs.keys()].filter((id) => !selected.has(id));
}

function readFacts({ succeeded, failed, incomplete, answers }: Survey): JobFacts {
  return {
    succeeded: new Set(succeeded.keys()),
    failed,
    incomplete,
    queued: parseQueue(answers.get("queue") ?? []),
    revisions: parseRevisions(answers.get("revisions") ?? []),
  };
}

function narrowToFailed(study: Study, facts: JobFacts, target: Target): Study {
  const kept = chooseFailed(study, facts);
  if (kept.size > 0) return { ...study, ...narrowSelection(study, kept) };
  const message = `the last attempt of none of the ${count(study.asked.size, "selected job")} failed on target ${target.name}`;
  throw new RepxError("PLAN_EMPTY", message, {
    hint: "Leave --only-failed out to run what has not run yet; jobs that succeeded are reused.",
  });
}

function requireSlurm({ user, hasSbatch, answers }: Survey, target: Target): void {
  if (!hasSbatch) {
    throw new RepxError("SLURM_MISSING", `${user} has no sbatch on target ${target.name}`, {
      hint: "Log in there and see `command -v sbatch`; on some sites SLURM is a module that the login script must load.",
    });
  }
  const unasked = answers.get("unasked");
  if (unasked !== undefined) throw refuseSilence(unasked, `target ${target.name}`);
}
