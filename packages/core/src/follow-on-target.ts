import { setTimeout as sleep } from "node:timers/promises";
import { FOLLOW_MS, tellProgress } from "./follow.ts";
import { RepxError } from "./model/errors.ts";
import type { SubmissionId } from "./model/ids.ts";
import { isConcluded } from "./model/verdict.ts";
import type { Reporter } from "./reporter.ts";
import { keepTrying } from "./schedule/watch/keep-trying.ts";
import { openWatch, type SubmissionStatus } from "./schedule/watch/open-watch.ts";
import type { ReachedTarget } from "./reach-target.ts";

/** Short jobs are seen at once; a queue of days is asked four times a minute. */
const FIRST_PAUSE_MS = 2000;
const LAST_PAUSE_MS = 15_000;
const PAUSE_PER_WAIT = 0.05;

/** Who hears of a submission that is followed. */
export interface FollowEars {
  readonly reporter: Reporter;
  /** Hears of every look, the last one among them; is waited for, and may ask the target itself. */
  readonly onLook: (status: SubmissionStatus) => Promise<void>;
  /** Hears of a target that could not be asked, once in a row. */
  readonly onTrouble: (error: RepxError) => void;
}

/** Asks the target itself until every job has ended, over lost connections and a scheduler that is away. SUBMISSION_OPEN when the time is up. */
export async function followOnTarget(
  { target, transport }: Pick<ReachedTarget, "target" | "transport">,
  id: SubmissionId,
  { reporter, onLook, onTrouble }: FollowEars,
): Promise<SubmissionStatus> {
  const watch = openWatch(transport, target.basePath, id);
  const begunMs = performance.now();
  const endMs = begunMs + FOLLOW_MS;
  reporter.start("jobs");
  for (;;) {
    const look = async (): Promise<SubmissionStatus> => {
      const seen = await watch.look();
      await onLook(seen);
      return seen;
    };
    const status = await keepTrying(look, { endMs, onFailure: onTrouble });
    const hasEnded = isConcluded(status);
    tellProgress(reporter, [...status.records.values()], hasEnded);
    if (hasEnded) return status;
    const waitedMs = performance.now() - begunMs;
    if (waitedMs >= FOLLOW_MS) throw refuseToWait(id);
    await sleep(Math.min(LAST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, waitedMs * PAUSE_PER_WAIT)));
  }
}

function refuseToWait(id: SubmissionId): RepxError {
  return new RepxError("SUBMISSION_OPEN", `submission ${id} has not ended within five days`, {
    hint: `The jobs run on: look with \`repx status ${id}\`. A coordinator reports without a workflow that waits.`,
  });
}
