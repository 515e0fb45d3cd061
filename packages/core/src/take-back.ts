import { abandonSubmission } from "./abandon.ts";
import type { SubmissionAccess } from "./experiment.ts";
import { RepxError } from "./model/errors.ts";
import { reachTarget, type TargetRoute } from "./reach-target.ts";
import { cancelSubmission } from "./schedule/cancel-submission.ts";

/** What is needed to reach a submission again: where it was made, where it went, and who is told. */
export type SubmissionRoute = TargetRoute & { readonly coordinator: { readonly origin: string } };

/** What became of taking back. */
export interface TakenBack {
  /** Jobs that had not begun, and are closed as cancelled. */
  readonly closed: number;
  /** Why the target was not told: what it has of the submission runs on. */
  readonly trouble?: RepxError;
}

/**
 * Takes a submission back: what the scheduler has of it is cancelled, and its checks are closed with the reason. Where the
 * target cannot be reached, jobs that it has run on; their own events count more than what is assumed here.
 */
export async function takeBackSubmission(
  route: SubmissionRoute,
  submission: SubmissionAccess,
  reason: string,
): Promise<TakenBack> {
  let trouble: RepxError | undefined;
  try {
    await using reached = await reachTarget(route);
    const { target, transport } = reached;
    await cancelSubmission(transport, { basePath: target.basePath, id: submission.id });
  } catch (error) {
    if (!(error instanceof RepxError)) throw error;
    // Told below is that nothing more is expected; see above for what the target may still do.
    trouble = error;
  }
  const closed = await abandonSubmission(route.coordinator.origin, submission, reason, route.process.now());
  return { closed, ...(trouble === undefined ? {} : { trouble }) };
}
