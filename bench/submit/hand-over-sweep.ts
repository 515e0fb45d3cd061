// From a plan to the last job in SLURM's queue, as the Action goes it: the arrays, the submission's files, their way to the
// target, repx-submit. The Lab is there already; sending one is what `sync` measures.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LabHash, SubmissionId } from "../../packages/core/src/model/ids.ts";
import { planBatches, type SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import { askSlurm } from "../../packages/core/src/schedule/ask-slurm.ts";
import { checkResources } from "../../packages/core/src/schedule/check-resources.ts";
import { writeSubmissionFiles } from "../../packages/core/src/schedule/submission-files.ts";
import { EMPTY_PLAN } from "../../packages/core/src/schedule/submission-plan.fixture.ts";
import { collectDependencies } from "../../packages/core/src/schedule/submission-plan.ts";
import { submitBatches } from "../../packages/core/src/schedule/submit-batches.ts";
import { pushTree } from "../../packages/core/src/sync/push/push.ts";
import { surveyTarget, type Survey } from "../../packages/core/src/sync/survey.ts";
import type { SubmitStand } from "../../test/target/submit-stand.ts";
import { describeDocuments } from "./sweeps.ts";

/** A hand-over that was done. */
export interface HandedOver {
  readonly seconds: number;
  readonly arrays: number;
}

/** What the plan is made from, which is there before the clock starts. */
export async function surveyStand({ target, transport }: SubmitStand): Promise<Survey> {
  return surveyTarget(transport, {
    basePath: target.base,
    storeNames: [],
    jobIds: [],
    labHash: LabHash.parse("0123456789abcdef0123456789abcdef"),
    programsHash: "test",
  });
}

/** Hands the jobs over; `folder` is empty and on this side. */
export async function handOverSweep(
  { target, transport }: SubmitStand,
  survey: Survey,
  jobs: readonly SchedulableJob[],
  { folder, number }: { readonly folder: string; readonly number: number },
): Promise<HandedOver> {
  const id = SubmissionId.parse(`s${String(number).padStart(25, "0")}`);
  const place = { id, basePath: target.base, programs: target.programs };
  await mkdir(folder, { recursive: true });
  const startedAt = performance.now();
  const facts = await askSlurm(transport);
  checkResources(jobs, facts, "cluster");
  const batches = planBatches(jobs, new Map(), facts.mostTasks);
  const lists = collectDependencies();
  const planned = jobs.map((job) => ({ id: job.id, stage: job.stage, needs: lists.number(job.dependsOn) }));
  await writeSubmissionFiles(folder, {
    coordinator: { origin: "http://127.0.0.1:9", token: "token" },
    labHash: "0123456789abcdef",
    place,
    plan: {
      ...EMPTY_PLAN,
      toRun: jobs.map((job) => job.id),
      dependencies: lists.listAll(),
      jobs: planned,
    },
    batches,
    awaited: "",
    jobs: new Map(jobs.map((job) => [job.id, describeDocuments(job, target.base)])),
  });
  await pushTree(transport, {
    basePath: target.base,
    items: [{ source: folder, destination: join("submissions", id) }],
    facts: survey.facts,
  });
  const slurmIds = await submitBatches(transport, batches, place);
  return { seconds: (performance.now() - startedAt) / 1000, arrays: slurmIds.size };
}
