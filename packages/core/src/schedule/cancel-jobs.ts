import { RepxError } from "../model/errors.ts";
import type { JobId } from "../model/ids.ts";
import { isFinal } from "../model/job-state.ts";
import type { Transport } from "../target/transport/transport.ts";
import type { SubmissionPlan } from "./submission-plan.ts";
import type { SubmissionStatus } from "./watch/open-watch.ts";

/** Jobs that are to be cancelled, and those that will not run because of it. */
export interface Cancellation {
  /** That had not ended. */
  readonly jobs: readonly JobId[];
  /** That wait for one of them, however far; without those that are cancelled themselves. */
  readonly waiting: readonly JobId[];
}

/** Finds out what cancelling jobs, or all of a submission, comes to. */
export function planCancellation(status: SubmissionStatus, asked?: readonly JobId[]): Cancellation {
  const isOpen = (id: JobId): boolean => !isFinal(status.records.get(id)?.state ?? "queued");
  const jobs = (asked ?? status.plan.jobs.map(({ id }) => id)).filter(isOpen);
  return { jobs, waiting: findDependants(status.plan, new Set(jobs)).filter(isOpen) };
}

/** Jobs that need the success of one of these, directly or by others, in the plan's order. */
function findDependants(plan: SubmissionPlan, jobs: ReadonlySet<JobId>): JobId[] {
  const lost = new Set(jobs);
  for (const { id, dependsOn } of plan.jobs) {
    if (dependsOn.some((upstream) => upstream.kind === "hard" && lost.has(upstream.id))) lost.add(id);
  }
  return [...lost].filter((id) => !jobs.has(id));
}

// The ids come on stdin: there can be more than a command line holds. What has ended meanwhile is no failure.
const CANCEL = "LC_ALL=C; export LC_ALL; xargs -r scancel";
const HARMLESS = /Invalid job id|[Aa]lready completing or completed/;
const AWAY = /Unable to contact|Connection refused|timed out|Unexpected message|authentication/i;

/** Cancels jobs by their SLURM ids, whole arrays by one id. SLURM_UNREACHABLE when the controller does not answer. */
export async function cancelJobs(transport: Transport, slurmIds: readonly string[]): Promise<void> {
  const output = await transport.run({
    argv: ["sh", "-c", CANCEL],
    stdin: slurmIds.map((id) => `${id}\n`).join(""),
    deadlineSeconds: 180,
  });
  const complaint = output.stderr.split("\n").find((line) => line.includes("scancel") && !HARMLESS.test(line));
  if (output.exitCode === 0 || (complaint === undefined && output.exitCode === 123)) return;
  const said = complaint ?? output.stderr.trim().split("\n").at(-1) ?? "";
  if (AWAY.test(said)) {
    throw new RepxError("SLURM_UNREACHABLE", `SLURM does not answer on ${transport.description}: ${said}`, {
      hint: "Nothing may have been cancelled. Run the same command again when `squeue` answers there.",
      details: output,
    });
  }
  throw new RepxError(
    "SLURM_REJECTED",
    `scancel on ${transport.description}: ${said || `exit code ${output.exitCode}`}`,
    {
      hint: "Cancel by hand there: the SLURM ids are in the submission's slurm.tsv.",
      details: output,
    },
  );
}
