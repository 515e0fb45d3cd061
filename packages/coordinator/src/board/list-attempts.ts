import { listAttempts, type JobRecord } from "@repx/core/model";
import type { AttemptLine } from "./views.ts";

/** Lists a job's attempts as pages show them, the latest one last; a job that has not begun or was reused has none. */
export function listAttemptLines(record: JobRecord): AttemptLine[] {
  return listAttempts(record).map(({ attempt, state, reason, node, startedAt, elapsedSeconds }) => ({
    attempt,
    state,
    ...(reason !== undefined && { reason }),
    ...(node !== undefined && { node }),
    ...(startedAt !== undefined && { startedAt }),
    ...(elapsedSeconds !== undefined && { elapsedSeconds }),
  }));
}
