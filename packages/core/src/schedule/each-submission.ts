// Commands on many submissions of a target: one that cannot be looked at is told, and does not keep the others from it.
import { RepxError } from "../model/errors.ts";
import type { Transport } from "../target/transport/transport.ts";
import { cancelSubmission } from "./cancel-submission.ts";
import { listOpenSubmissions } from "./open-submissions.ts";
import { planCancellation } from "./plan-cancellation.ts";
import { reviveRelays } from "./revive-relays.ts";
import { openWatch, type SubmissionStatus } from "./watch/open-watch.ts";

/** A pull request of one of the repositories that submit to a target. */
export interface PullRequestName {
  readonly repository: string;
  readonly number: number;
}

/** Which submissions are meant: by the beginnings of their ids, or open ones of a pull request, or all open ones. */
export interface SubmissionChoice {
  readonly beginnings: readonly string[];
  readonly pullRequest?: PullRequestName | undefined;
}

/** How a submission was found, or why it could not be looked at. */
export type FoundSubmission = { readonly id: string } & (
  | { readonly status: SubmissionStatus; readonly error?: undefined }
  | { readonly error: RepxError; readonly status?: undefined }
);

/**
 * Starts relays again that were killed while work was left, and looks at each submission once, so that what is known of it is
 * on its way. Does no harm when it is done again. A beginning that means none, or several, is SUBMISSION_UNKNOWN.
 */
export async function reconcileSubmissions(
  transport: Transport,
  basePath: string,
  choice: SubmissionChoice,
): Promise<FoundSubmission[]> {
  await reviveRelays(transport, basePath);
  return findSubmissions(transport, basePath, choice);
}

/** A submission that was cancelled: how many of its jobs had not ended, and how many stay because others wait for them. */
export interface CancelledSubmission {
  readonly status: SubmissionStatus;
  readonly cancelled: number;
  readonly kept: number;
}

/** Cancels submissions; what has ended stays as it is. Those that could not be looked at are not cancelled, and are told. */
export async function cancelSubmissions(
  transport: Transport,
  basePath: string,
  choice: SubmissionChoice,
): Promise<(CancelledSubmission | { readonly error: RepxError; readonly id: string })[]> {
  const ends = [];
  for (const found of await findSubmissions(transport, basePath, choice)) {
    if (found.status === undefined) ends.push(found);
    else {
      const open = planCancellation(found.status).jobs.length;
      const kept = (await cancelSubmission(transport, { basePath, id: found.status.id })).length;
      ends.push({ status: found.status, cancelled: Math.max(0, open - kept), kept });
    }
  }
  return ends;
}

async function findSubmissions(
  transport: Transport,
  basePath: string,
  { beginnings, pullRequest }: SubmissionChoice,
): Promise<FoundSubmission[]> {
  const look = async (id: string): Promise<SubmissionStatus> => openWatch(transport, basePath, id).look();
  if (beginnings.length > 0) {
    const named: FoundSubmission[] = [];
    for (const id of beginnings) named.push({ id, status: await look(id) });
    return named;
  }
  const found: FoundSubmission[] = [];
  for (const id of await listOpenSubmissions(transport, basePath)) {
    found.push(await look(id).then((status) => ({ id, status }), noteError(id)));
  }
  return pullRequest === undefined ? found : found.filter(({ status }) => isOf(status, pullRequest));
}

/** A target that is gone is no trouble of one submission. */
function noteError(id: string): (error: unknown) => FoundSubmission {
  return (error) => {
    if (error instanceof RepxError && error.code === "SUBMISSION_UNREADABLE") return { id, error };
    throw error;
  };
}

/** One that cannot be read is nobody's: whose it is stands in what cannot be read. */
function isOf(status: SubmissionStatus | undefined, { repository, number }: PullRequestName): boolean {
  const its = status?.plan.pullRequest;
  // GitHub's names of repositories are the same in any case.
  return its?.number === number && its.repository.toLowerCase() === repository.toLowerCase();
}
