import { setTimeout as sleep } from "node:timers/promises";
import { readSubmission } from "./coordinator.ts";
import type { SubmissionAccess } from "./experiment.ts";
import { CODES, RepxError } from "./model/errors.ts";
import { isFinal } from "./model/job-state.ts";
import type { SubmissionView } from "./model/protocol.ts";
import type { Reporter } from "./reporter.ts";

/** Jobs may wait in a queue for days; a self-hosted runner's job ends after five (GitHub Actions limits). */
const DEADLINE_MS = 5 * 24 * 3600 * 1000;
const EVERY_MS = 5000;

/** Asks the coordinator until every job has ended; a coordinator that is away for a while is asked again. */
export async function followSubmission(
  coordinator: string,
  submission: SubmissionAccess,
  reporter: Reporter,
): Promise<SubmissionView> {
  const endsAt = performance.now() + DEADLINE_MS;
  reporter.start("jobs");
  while (performance.now() < endsAt) {
    const view = await readPatiently(coordinator, submission);
    if (view !== undefined) {
      const ended = view.jobs.filter((job) => isFinal(job.state)).length;
      const detail = `${ended} of ${view.jobs.length} jobs ended`;
      if (view.isConcluded) {
        reporter.finish("jobs", detail);
        return view;
      }
      reporter.progress("jobs", ended / Math.max(1, view.jobs.length), detail);
    }
    await sleep(EVERY_MS);
  }
  throw new RepxError("COORD_UNREACHABLE", `submission ${submission.id} has not concluded within five days`, {
    hint: "Look at the queue on the target; the checks are kept up to date without this step.",
  });
}

async function readPatiently(coordinator: string, submission: SubmissionAccess): Promise<SubmissionView | undefined> {
  try {
    return await readSubmission(coordinator, submission);
  } catch (error) {
    if (error instanceof RepxError && CODES[error.code].retry) return undefined;
    throw error;
  }
}
