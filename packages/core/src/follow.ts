import { setTimeout as sleep } from "node:timers/promises";
import { readSubmission } from "./coordinator.ts";
import type { SubmissionAccess } from "./experiment.ts";
import { CODES, RepxError } from "./model/errors.ts";
import { isFinal } from "./model/job-state.ts";
import type { JobState, SubmissionView } from "./model/protocol.ts";
import type { Reporter } from "./reporter.ts";

/** How long one is followed: jobs may wait in a queue for days; a self-hosted runner's job ends after five (GitHub Actions limits). */
export const FOLLOW_MS = 5 * 24 * 3600 * 1000;
const EVERY_MS = 5000;

/** Asks the coordinator until every job has ended; a coordinator that is away for a while is asked again. */
export async function followSubmission(
  coordinator: string,
  submission: SubmissionAccess,
  reporter: Reporter,
): Promise<SubmissionView> {
  const endsAt = performance.now() + FOLLOW_MS;
  reporter.start("jobs");
  while (performance.now() < endsAt) {
    const view = await readPatiently(coordinator, submission);
    if (view !== undefined) {
      tellProgress(reporter, view.jobs, view.isConcluded);
      if (view.isConcluded) return view;
    }
    await sleep(EVERY_MS);
  }
  throw new RepxError("COORD_UNREACHABLE", `submission ${submission.id} has not concluded within five days`, {
    hint: "Look at the queue on the target; the checks are kept up to date without this step.",
  });
}

/** Tells how many of the jobs have ended; with `hasEnded` it is the step's last word. */
export function tellProgress(
  reporter: Reporter,
  jobs: readonly { readonly state: JobState }[],
  hasEnded: boolean,
): void {
  const ended = jobs.filter(({ state }) => isFinal(state)).length;
  const detail = `${ended} of ${jobs.length} jobs ended`;
  if (hasEnded) reporter.finish("jobs", detail);
  else reporter.progress("jobs", ended / Math.max(1, jobs.length), detail);
}

async function readPatiently(coordinator: string, submission: SubmissionAccess): Promise<SubmissionView | undefined> {
  try {
    return await readSubmission(coordinator, submission);
  } catch (error) {
    if (error instanceof RepxError && CODES[error.code].retry) return undefined;
    throw error;
  }
}
