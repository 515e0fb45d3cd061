import type { Reporter, StepName } from "@repx/core";
import type { Screen } from "../screen.ts";

const DOING: Record<StepName, string> = {
  build: "building the Lab",
  connect: "connecting",
  plan: "asking what the target has",
  register: "registering",
  sync: "sending",
  submit: "submitting",
  jobs: "waiting for jobs",
};
const QUIET_MS = 5000;
const WIDTH = 8;

/** Tells on stderr how a submission goes on: a line a step; in between a bar on a terminal, a line every few seconds elsewhere. */
export function openStepLines(screen: Screen, now: () => number = () => performance.now()): Reporter {
  let saidMs = now();
  return {
    start(step) {
      saidMs = now();
      screen.showBar(DOING[step]);
    },
    progress(step, _, detail) {
      screen.showBar(`${DOING[step]}: ${detail}`);
      if (screen.isNoteTerminal || now() - saidMs < QUIET_MS) return;
      saidMs = now();
      screen.note(`${DOING[step]}: ${detail}`);
    },
    finish(step, detail) {
      screen.note(`${screen.paintNote("dim", step.padEnd(WIDTH))}${detail}`);
    },
  };
}
