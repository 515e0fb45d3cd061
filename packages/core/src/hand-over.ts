// From a plan to jobs in the scheduler's queue: everything that the target needs is sent, then the batches are submitted.
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describeJobs } from "./describe-jobs.ts";
import type { ExperimentRequest } from "./experiment.ts";
import { identifyJobs } from "./identify-jobs.ts";
import { renderInputs } from "./lab/inputs/render-inputs.ts";
import { layOutScatterGather } from "./lab/inputs/scatter-gather.ts";
import { CommitSha, type JobId } from "./model/ids.ts";
import { renderBytes } from "./model/render-bytes.ts";
import { count, type Study } from "./prepare.ts";
import type { NamedSubmission } from "./register.ts";
import type { Programs } from "./runtime/programs.ts";
import { renderRuntimeTable, type JobRuntime } from "./runtime/runtime-table.ts";
import { placeAwaited, renderAwaited, type AwaitedArrays } from "./schedule/awaited-jobs.ts";
import { planBatches, type Batch, type SchedulableJob } from "./schedule/batches.ts";
import type { JobIdentity } from "./schedule/job-identity.ts";
import { renderLocalPlan } from "./schedule/local-plan.ts";
import { settleShared, type Plan } from "./schedule/plan.ts";
import { lookAgain } from "./schedule/queue-question.ts";
import type { SubmissionPlace } from "./schedule/sbatch-command.ts";
import type { SlurmFacts } from "./schedule/slurm-facts.ts";
import { submitBatches } from "./schedule/submit-batches.ts";
import { submitLocal } from "./schedule/submit-local.ts";
import { spreadParts } from "./schedule/spread-parts.ts";
import { writeSubmissionFiles, type JobFiles, type SubmissionFiles } from "./schedule/submission-files.ts";
import { collectDependencies, type SubmissionPlan } from "./schedule/submission-plan.ts";
import { pushTree, type PushItem } from "./sync/push/push.ts";
import type { Survey } from "./sync/survey.ts";
import { planSync, stageParts, type LabParts } from "./sync/sync-plan.ts";
import type { Target } from "./target/config/config.ts";
import type { JobResources, Resources } from "./target/config/resources.ts";
import type { Transport } from "./target/transport/transport.ts";

/** All that a hand-over works on. */
export interface HandOver {
  readonly request: ExperimentRequest;
  readonly study: Study;
  readonly plan: Plan;
  readonly survey: Survey;
  /** What the Lab brings beside store paths and jobs, and what the target lacks of it. */
  readonly parts: LabParts & { readonly missing: readonly string[] };
  readonly target: Target;
  readonly programs: Programs;
  readonly resources: Resources | undefined;
  /** Of the jobs that do not run natively. */
  readonly runtimes: ReadonlyMap<JobId, JobRuntime>;
  /** Of the scheduler `slurm`. */
  readonly slurm?: SlurmFacts;
  readonly submission: NamedSubmission;
}

/** What is submitted, and what of it waits for jobs of others. */
interface Order {
  readonly jobs: readonly SchedulableJob[];
  readonly batches: readonly Batch[];
  readonly awaited: AwaitedArrays;
}

/** Sends what the target lacks and submits the jobs to run; says what was submitted in the end. */
export async function handOver(transport: Transport, planned: HandOver): Promise<Plan> {
  const { reporter } = planned.request.watch;
  reporter.start("sync");
  const items = await listItems(planned);
  const hasShared = planned.plan.shared.size > 0;
  // Sending may take long; only after it is known which jobs of others can still be waited for.
  const first = hasShared && items.length > 0 ? await push(transport, planned, items) : 0;
  const work = hasShared ? { ...planned, plan: await settle(transport, planned) } : planned;
  const awaited = placeAwaited(work.plan);
  const jobs = describeJobs(work);
  const batches = spreadParts(planBatches(jobs, awaited.places, work.slurm?.mostTasks));
  const order = { jobs, batches, awaited };
  const folder = await mkdtemp(join(work.request.process.temporaryFolder, "submission-"));
  let second: number;
  try {
    await writeFiles(folder, work, order);
    const submission = { source: folder, destination: `submissions/${work.submission.id}` };
    second = await push(transport, work, hasShared ? [submission] : [...items, submission]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const lacked = items.length === 0 ? "" : ` and ${count(items.length, "item")} that ${work.target.name} lacked`;
  reporter.finish("sync", `${renderBytes(first + second)} sent: the submission${lacked}`);
  await submit(transport, work, order.batches);
  return work.plan;
}

/** Sends what describes the Lab, and nothing else, where the target lacks it. */
export async function sendDescription(
  transport: Transport,
  { study, programs, survey, target }: Pick<HandOver, "study" | "programs" | "survey" | "target">,
): Promise<void> {
  const lacking = { missingStore: [], missingJobs: [], hasLab: survey.hasLab, hasPrograms: true };
  const items = planSync({ ...study, programs, jobs: [], survey: lacking });
  await pushTree(transport, { basePath: target.basePath, items, facts: survey.facts });
}

/** What the jobs need, those of others too: should they be lost in the queue, this submission runs them. */
async function listItems({ study, programs, plan, survey, parts }: HandOver): Promise<readonly PushItem[]> {
  const items = planSync({ ...study, programs, jobs: [...plan.toRun, ...plan.shared.keys()], survey, parts });
  await stageParts(parts, items);
  return items;
}

async function settle(transport: Transport, { plan, study, target }: HandOver): Promise<Plan> {
  return settleShared(plan, study.dependencies, await lookAgain(transport, target.basePath, [...plan.shared.keys()]));
}

async function push(transport: Transport, work: HandOver, items: readonly PushItem[]): Promise<number> {
  const { reporter } = work.request.watch;
  const sent = await pushTree(transport, {
    basePath: work.target.basePath,
    items,
    facts: work.survey.facts,
    onProgress: ({ doneBytes, totalBytes, bytesPerSecond }) =>
      reporter.progress(
        "sync",
        doneBytes / Math.max(1, totalBytes),
        `${renderBytes(doneBytes)} of ${renderBytes(totalBytes)}, ${renderBytes(bytesPerSecond)}/s`,
      ),
  });
  return sent.bytes;
}

async function submit(transport: Transport, work: HandOver, batches: readonly Batch[]): Promise<void> {
  const { reporter } = work.request.watch;
  reporter.start("submit");
  const { scheduler, localConcurrency } = work.target;
  const place = describePlace(work);
  const ids =
    scheduler === "local"
      ? await submitLocal(transport, batches, place, localConcurrency)
      : await submitBatches(transport, batches, place, ({ accepted, detail }) =>
          reporter.progress("submit", accepted / batches.length, detail),
        );
  const { toRun, shared } = work.plan;
  const jobs = `${count(toRun.length, "job")} in ${count(batches.length, "array")}`;
  const told = [
    ...(toRun.length === 0
      ? []
      : [`${jobs}: ${scheduler === "local" ? "agent" : "SLURM"} ${[...ids.values()].join(", ")}`]),
    ...(shared.size === 0 ? [] : [`${count(shared.size, "job")} of other submissions waited for`]),
  ];
  reporter.finish("submit", told.join("; "));
}

function describePlace({ target, programs, submission, slurm }: HandOver): SubmissionPlace {
  const { basePath, arrayThrottle } = target;
  return {
    id: submission.id,
    basePath,
    programs: `${basePath}/bin/${programs.hash}`,
    ...(arrayThrottle === undefined ? {} : { arrayThrottle }),
    ...(slurm?.mostTasks === undefined ? {} : { mostTasks: slurm.mostTasks }),
  };
}

async function writeFiles(folder: string, work: HandOver, { jobs, batches, awaited }: Order): Promise<void> {
  const { request, study } = work;
  const { lab } = study.opened;
  const identities = identifyJobs(study, work.plan.toRun);
  const resources = new Map(jobs.map((job) => [job.id, job.resources]));
  await writeSubmissionFiles(folder, {
    ...describeCoordinator(work),
    labHash: lab.hash,
    place: describePlace(work),
    plan: describePlan(work),
    batches,
    awaited: renderAwaited(work.plan),
    awaitedArrays: awaited.slurmIds,
    ...(work.slurm === undefined ? {} : { slurm: work.slurm }),
    ...describeNodeStore(work.target),
    ...(work.target.scheduler === "local" ? { localPlan: renderLocalPlan(batches, request.isFailFast ?? false) } : {}),
    jobs: new Map([...identities].map(([id, identity]) => [id, describeFiles(work, identity, resources.get(id))])),
  });
}

function describeCoordinator({ request, submission }: HandOver): Pick<SubmissionFiles, "coordinator"> {
  if (request.coordinator === undefined || submission.registration === undefined) return {};
  return { coordinator: { origin: request.coordinator.origin, token: submission.registration.token } };
}

function describeNodeStore({ hasNodeStore, nodeLocalPath }: Target): Pick<SubmissionFiles, "nodeStore"> {
  return hasNodeStore === true && nodeLocalPath !== undefined ? { nodeStore: nodeLocalPath } : {};
}

function describePlan(work: HandOver): SubmissionPlan {
  const { request, study, plan, target } = work;
  const { lab, folder } = study.opened;
  const lists = collectDependencies();
  const selected = new Map<unknown, SubmissionPlan["dependencies"][number]>();
  const select = (all: SubmissionPlan["dependencies"][number]): SubmissionPlan["dependencies"][number] => {
    const list = selected.get(all) ?? all.filter((upstream) => study.dependencies.has(upstream.id));
    selected.set(all, list);
    return list;
  };
  const jobs = study.order.map((id) => ({
    id,
    stage: lab.jobs.get(id)?.name ?? id,
    needs: lists.number(select(study.dependencies.get(id) ?? NOTHING)),
  }));
  return {
    createdAt: request.process.now().toISOString(),
    target: target.name,
    lab: { hash: lab.hash, folder },
    ...readCommit(work),
    ...describePullRequest(request.commit),
    ...(request.files.resources === undefined
      ? {}
      : { resources: resolve(request.process.workFolder, request.files.resources) }),
    runs: study.runs,
    toRun: plan.toRun,
    reused: [...plan.reused],
    shared: [...plan.shared.keys()],
    ...(request.runtime === undefined ? {} : { runtime: request.runtime }),
    ...(request.wishes?.rev === undefined ? {} : { rev: request.wishes.rev }),
    dependencies: lists.listAll(),
    jobs,
  };
}

function describePullRequest(commit: ExperimentRequest["commit"]): Pick<SubmissionPlan, "pullRequest"> {
  if (commit?.pullRequest === undefined || commit.repository === undefined) return {};
  return { pullRequest: { repository: commit.repository, number: commit.pullRequest } };
}

const NOTHING: SubmissionPlan["dependencies"][number] = [];

/** The commit that the caller names, or the one that the Lab was built from where that was clean. */
function readCommit({ request, study }: HandOver): { commit?: CommitSha } {
  const built = CommitSha.safeParse(study.opened.lab.gitHash).data;
  const commit = request.commit?.headSha ?? built;
  return commit === undefined ? {} : { commit };
}

function describeFiles(work: HandOver, identity: JobIdentity, resources: JobResources | undefined): JobFiles {
  const { id } = identity;
  const { request, study, plan, target, runtimes, submission } = work;
  const { lab } = study.opened;
  const job = lab.jobs.get(id);
  const runtime = runtimes.get(id);
  const record = {
    ...identity,
    // The wrapper finds it by its line: at the beginning, two blanks deep.
    ...(request.wishes?.rev === undefined ? {} : { rev: request.wishes.rev }),
    lab: lab.hash,
    ...readCommit(work),
    submission: submission.id,
    target: target.name,
    runtime: runtime?.kind ?? "native",
    ...(runtime?.image === undefined ? {} : { image: runtime.image }),
    resources,
  };
  const inputs = renderInputs(lab, id, target.basePath);
  const table = runtime === undefined ? {} : { runtime: renderRuntimeTable(runtime) };
  const again = plan.again.get(id);
  const files = {
    job: record,
    inputs,
    parameters: identity.parameters,
    ...table,
    ...(again === undefined ? {} : { again }),
  };
  if (job?.stage_type !== "scatter-gather") return files;
  return { ...files, parts: layOutScatterGather(lab, id, target.basePath, inputs) };
}
