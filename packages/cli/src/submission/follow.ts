// Waits for a submission: a table that is drawn anew on a terminal, a line now and then elsewhere.
import { setTimeout as sleep } from "node:timers/promises";
import type { SubmissionStatus, SubmissionWatch } from "@repx/core/submissions";
import { isConcluded, RepxError } from "@repx/core/model";
import type { Screen } from "../screen.ts";
import { makeIdRenderer } from "../short-ids.ts";
import { renderDoubts, renderProgress, renderStatus, type Pane } from "./render-status.ts";

/** How a submission is followed. */
export interface FollowOptions {
  /** Where it is, for the title. */
  readonly where: string;
  readonly screen: Screen;
  /** No end when not given. */
  readonly timeoutSeconds?: number | undefined;
}

/** Short jobs are seen at once; a queue of days is asked four times a minute. */
const FIRST_PAUSE_MS = 2000;
const LAST_PAUSE_MS = 15_000;
const PAUSE_PER_WAIT = 0.05;
/** Without a terminal a line comes when something changed, or to say that nothing did. */
const QUIET_MS = 60_000;

/** Looks until all jobs have ended, over lost connections and a scheduler that is away. SUBMISSION_OPEN when time is up. */
export async function followSubmission(watch: SubmissionWatch, options: FollowOptions): Promise<SubmissionStatus> {
  const { screen, timeoutSeconds } = options;
  const { keepTrying } = await import("@repx/core/submissions");
  const begunMs = performance.now();
  const endMs = timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : begunMs + timeoutSeconds * 1000;
  const tell = startTelling(options);
  for (;;) {
    const status = await keepTrying(async () => watch.look(), {
      endMs,
      onFailure: ({ message }) => screen.note(`${message}; trying again`),
    });
    if (isConcluded(status)) {
      screen.showBar("");
      return status;
    }
    tell(status);
    const nowMs = performance.now();
    if (nowMs >= endMs) throw refuseToWait(status, timeoutSeconds ?? 0);
    const pauseMs = Math.min(LAST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, (nowMs - begunMs) * PAUSE_PER_WAIT));
    await sleep(Math.min(pauseMs, Math.max(0, endMs - nowMs)));
  }
}

function startTelling({ screen, where }: FollowOptions): (status: SubmissionStatus) => void {
  const pane: Pane = {
    columns: (screen.columns ?? 80) - 1,
    paint: (look, text) => screen.paintNote(look, text),
  };
  let [said, saidMs] = ["", Number.NEGATIVE_INFINITY];
  return (status) => {
    if (screen.isNoteTerminal) {
      screen.showBlock(renderStatus(status, where, pane, makeIdRenderer({ isTerminal: true }, status.records.keys())));
      return;
    }
    const text = [renderProgress(status), ...renderDoubts(status)].join(". ");
    if (text === said && performance.now() - saidMs < QUIET_MS) return;
    [said, saidMs] = [text, performance.now()];
    screen.note(text);
  };
}

function refuseToWait(status: SubmissionStatus, seconds: number): RepxError {
  return new RepxError("SUBMISSION_OPEN", `after ${seconds} s not all have ended: ${renderProgress(status)}`, {
    hint: `The jobs run on. Wait again with \`repx wait ${status.id}\`, or look with \`repx status\`.`,
  });
}
