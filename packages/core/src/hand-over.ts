// From a plan to jobs in SLURM's queue: everything that the target needs is sent, then the batches are submitted.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentRequest, SubmissionAccess } from "./experiment.ts";
import { renderInputs } from "./lab/inputs/render-inputs.ts";
import { layOutScatterGather } from "./lab/inputs/scatter-gather.ts";
import type { JobId } from "./model/ids.ts";
import { chooseHints } from "./model/job-hints.ts";
import type { Executable } from "./model/lab.ts";
import { renderBytes } from "./model/render-bytes.ts";
import { count, readExecutable, type Study } from "./prepare.ts";
import type { Programs } from "./runtime/programs.ts";
import { renderRuntimeTable, type JobRuntime } from "./runtime/runtime-table.ts";
import { planBatches, type Batch, type SchedulableJob } from "./schedule/batches.ts";
import type { Plan } from "./schedule/plan.ts";
import { submitBatches } from "./schedule/submit-batches.ts";
import { writeSubmissionFiles, type JobFiles } from "./schedule/submission-files.ts";
import { pushTree, type PushItem } from "./sync/push/push.ts";
import type { Survey } from "./sync/survey.ts";
import { planSync, stageParts, type LabParts } from "./sync/sync-plan.ts";
import type { Target } from "./target/config/config.ts";
import { resolveResources, type Resources } from "./target/config/resources.ts";
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
  readonly submission: SubmissionAccess;
}

/** Sends what the target lacks and submits the jobs to run; says how many batches that took. */
export async function handOver(transport: Transport, work: HandOver): Promise<number> {
  const batches = planBatches(work.plan.toRun.map((id) => describeJob(work, id)));
  const folder = await mkdtemp(join(work.request.process.temporaryFolder, "submission-"));
  try {
    await writeFiles(folder, work, batches);
    await sync(transport, work, { source: folder, destination: `submissions/${work.submission.id}` });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await submit(transport, work, batches);
  return batches.length;
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

async function sync(transport: Transport, work: HandOver, submission: PushItem): Promise<void> {
  const { reporter } = work.request.watch;
  reporter.start("sync");
  const { programs, survey, parts } = work;
  const items = planSync({ ...work.study, programs, jobs: work.plan.toRun, survey, parts });
  await stageParts(parts, items);
  const sent = await pushTree(transport, {
    basePath: work.target.basePath,
    items: [...items, submission],
    facts: survey.facts,
    onProgress: ({ doneBytes, totalBytes, bytesPerSecond }) =>
      reporter.progress(
        "sync",
        doneBytes / Math.max(1, totalBytes),
        `${renderBytes(doneBytes)} of ${renderBytes(totalBytes)}, ${renderBytes(bytesPerSecond)}/s`,
      ),
  });
  reporter.finish(
    "sync",
    `${renderBytes(sent.bytes)} sent: the submission${items.length === 0 ? "" : ` and ${count(items.length, "item")} that ${work.target.name} lacked`}`,
  );
}

async function submit(transport: Transport, work: HandOver, batches: readonly Batch[]): Promise<void> {
  const { reporter } = work.request.watch;
  reporter.start("submit");
  const { basePath } = work.target;
  const place = { id: work.submission.id, basePath, programs: renderProgramsFolder(work) };
  const slurmIds = await submitBatches(transport, batches, place, (batch) =>
    reporter.progress("submit", batch.number / batches.length, `${batch.number} of ${batches.length} batches`),
  );
  reporter.finish(
    "submit",
    `${count(work.plan.toRun.length, "job")} in ${count(batches.length, "array")}: SLURM ${[...slurmIds.values()].join(", ")}`,
  );
}

function renderProgramsFolder({ target, programs }: HandOver): string {
  return `${target.basePath}/bin/${programs.hash}`;
}

function describeJob({ study, plan, target, resources }: HandOver, id: JobId): SchedulableJob {
  const job = study.opened.lab.jobs.get(id);
  return {
    id,
    stage: job?.name ?? id,
    executable: readExecutable(job, id).path,
    resources: resolveResources(resources, { id, target: target.name, hints: chooseHints(job) }),
    // What is reused has ended already; what lies in a run that was not selected is not waited for.
    dependsOn: (study.dependencies.get(id) ?? []).filter(
      (upstream) => study.dependencies.has(upstream.id) && !plan.reused.has(upstream.id),
    ),
  };
}

async function writeFiles(folder: string, work: HandOver, batches: readonly Batch[]): Promise<void> {
  const { request, study, submission } = work;
  const { lab } = study.opened;
  const hashes = new Map(lab.manifest.files.map((file) => [file.path, file.sha256]));
  await writeSubmissionFiles(folder, {
    token: submission.token,
    coordinator: request.coordinator.origin,
    labHash: lab.hash,
    programs: renderProgramsFolder(work),
    plan: { runs: study.runs, toRun: work.plan.toRun, reused: [...work.plan.reused] },
    batches,
    jobs: new Map(work.plan.toRun.map((id) => [id, describeFiles(work, id, hashes)])),
  });
}

function describeFiles(
  { request, study, target, resources, runtimes, submission }: HandOver,
  id: JobId,
  hashes: ReadonlyMap<string, string>,
): JobFiles {
  const { lab } = study.opened;
  const job = lab.jobs.get(id);
  const parameters = job?.params ?? {};
  const runtime = runtimes.get(id);
  const describe = ({ path }: Executable): unknown => ({ path, sha256: hashes.get(path) });
  const record = {
    id,
    stage: job?.name,
    parameters,
    dependsOn: (study.dependencies.get(id) ?? []).map((upstream) => upstream.id),
    executable: describe(readExecutable(job, id)),
    ...(job?.stage_type === "scatter-gather" ? { executables: Object.values(job.executables).map(describe) } : {}),
    lab: lab.hash,
    commit: request.commit.headSha,
    submission: submission.id,
    target: target.name,
    runtime: runtime?.kind ?? "native",
    ...(runtime?.image === undefined ? {} : { image: runtime.image }),
    resources: resolveResources(resources, { id, target: target.name, hints: chooseHints(job) }),
  };
  const inputs = renderInputs(lab, id, target.basePath);
  const table = runtime === undefined ? {} : { runtime: renderRuntimeTable(runtime) };
  const files = { job: record, inputs, parameters, ...table };
  if (job?.stage_type !== "scatter-gather") return files;
  return { ...files, parts: layOutScatterGather(lab, id, target.basePath, inputs) };
}
