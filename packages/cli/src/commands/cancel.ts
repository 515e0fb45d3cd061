import type { JobId } from "@repx/core/model";
import type { Cancellation, SubmissionStatus } from "@repx/core/submissions";
import type { Command, CommandCall } from "../command.ts";
import { chooseJobsToCancel } from "../submission/choose-cancelled.ts";
import { count } from "../count.ts";
import { CONNECT_FLAGS, describeTarget, openTarget } from "../open-target.ts";
import { renderJobs } from "../submission/render-status.ts";
import { makeIdRenderer } from "../short-ids.ts";

/** Cancels jobs. */
export const CANCEL: Command = {
  name: "cancel",
  summary: "take back jobs that have not ended",
  description:
    "Of a submission, or single jobs; jobs that need the success of one of them do not run either. What has ended stays " +
    "as it is, so that cancelling again does no harm. Results that are there stay there.",
  operands: [
    {
      name: "SUBMISSION|JOB",
      summary: "the beginning of the id of a submission or of a job; the target's newest submission when not given",
      isOptional: true,
      isRepeatable: true,
      kind: "job",
    },
  ],
  flags: { ...CONNECT_FLAGS },
  examples: ["repx cancel", "repx cancel s3k4 --target cluster", "repx cancel 0pkal2l7 15df99k8"],
  run: runCancel,
};

async function runCancel(call: CommandCall): Promise<number> {
  const { cancelSubmission, listSubmissions, openWatch, planCancellation } = await import("@repx/core/submissions");
  await using opened = await openTarget(call);
  const { transport } = opened;
  const { basePath } = opened.target;
  call.screen.showBar("asking the target");
  const choices = await chooseJobsToCancel(call.operands, {
    listNewest: async (most) => (await listSubmissions(transport, basePath, most)).submissions,
    open: async (word) => openWatch(transport, basePath, word).look(),
  });
  const ends = [];
  for (const choice of choices) {
    const { status, jobs } = choice;
    const plan = planCancellation(status, jobs);
    const place = { basePath, id: status.id };
    const slurmIds = plan.jobs.flatMap((job) => status.slurmIds.get(job) ?? []);
    // Of a whole submission the target knows more than was seen; whoever still hands it over is told, or was interrupted.
    const isAsked = jobs === undefined || slurmIds.length > 0;
    const kept = isAsked ? await cancelSubmission(transport, place, jobs === undefined ? [] : slurmIds) : [];
    const isKept = (job: JobId): boolean => kept.includes(status.slurmIds.get(job) ?? "");
    // Of a whole submission nobody hands over any more; of a single job that has no number yet nobody could be told.
    const isUntold = (job: JobId): boolean => jobs !== undefined && !status.slurmIds.has(job);
    ends.push({
      status,
      jobs: plan.jobs.filter((job) => !isKept(job) && !isUntold(job)),
      waiting: plan.waiting,
      kept: plan.jobs.filter(isKept),
      untold: plan.jobs.filter(isUntold),
    });
  }
  call.screen.showBar("");
  if (call.isSet("json")) {
    const told = ends.map(({ status, jobs, waiting, kept, untold }) => ({
      submission: status.id,
      cancelled: jobs,
      waiting,
      kept,
      untold,
    }));
    call.screen.printJson({ target: describeTarget(opened, transport), submissions: told });
  } else for (const end of ends) tellEnd(call, end);
  return ends.some(({ untold }) => untold.length > 0) ? 1 : 0;
}

/** What became of cancelling in one submission. */
interface CancelledJobs extends Cancellation {
  readonly status: SubmissionStatus;
  readonly kept: readonly JobId[];
  /** That have no number of the scheduler yet. */
  readonly untold: readonly JobId[];
}

function tellEnd({ screen }: CommandCall, { status, jobs, waiting, kept, untold }: CancelledJobs): void {
  const renderId = makeIdRenderer(screen, status.records.keys());
  if (kept.length > 0) {
    screen.print(
      `${count(kept.length, "job")} of submission ${status.id} stay in the queue: another submission waits for them.`,
    );
  }
  if (untold.length > 0) {
    screen.print(
      `${count(untold.length, "job")} of submission ${status.id} ${untold.length === 1 ? "is" : "are"} not handed over yet: cancel again, or all of the submission.`,
    );
  }
  if (jobs.length === 0) {
    if (kept.length + untold.length > 0) return;
    screen.print(`Nothing to cancel in submission ${status.id}: what was asked for has ended.`);
    return;
  }
  screen.print(`Cancelled ${count(jobs.length, "job")} of submission ${status.id}:`);
  for (const line of renderJobs(jobs, status.plan, renderId)) screen.print(line);
  if (waiting.length === 0) return;
  screen.print(
    `${count(waiting.length, "job")} that ${waiting.length === 1 ? "waits" : "wait"} for them will not run:`,
  );
  for (const line of renderJobs(waiting, status.plan, renderId)) screen.print(line);
}
