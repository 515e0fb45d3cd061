import { abandonSubmission } from "./abandon.ts";
import { connect } from "./connect.ts";
import type { ExperimentRequest, NamedTarget, SubmissionAccess } from "./experiment.ts";
import { readTarget } from "./prepare.ts";
import { cancelSubmission } from "./schedule/cancel-submission.ts";

/** What is needed to reach a submission again: where it was made, where it went, and who is told. */
export type SubmissionRoute = Pick<ExperimentRequest, "files" | "process"> & {
  readonly target: NamedTarget;
  readonly coordinator: { readonly origin: string };
};

/**
 * Takes back a submission that was not handed over whole: what the scheduler has of it is cancelled, and its checks are closed
 * with the reason. Says how many jobs that were. Where the target cannot be reached, jobs that it has run on; their own
 * events count more than what is assumed here.
 */
export async function takeBackSubmission(
  route: SubmissionRoute,
  submission: SubmissionAccess,
  reason: string,
): Promise<number> {
  try {
    const target = await readTarget(route);
    await using transport = await connect(route, target);
    await cancelSubmission(transport, { basePath: target.basePath, id: submission.id });
  } catch {
    // Told below is that nothing more is expected; see above for what the target may still do.
  }
  return abandonSubmission(route.coordinator.origin, submission, reason, route.process.now());
}
