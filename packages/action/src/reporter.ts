import type { Reporter } from "@repx/core";

const WIDTH = 9;
/** How often a step says that nothing has changed. */
const SAME_MS = 60_000;

/** Prints one line when a step ends, and progress at most every few seconds; `now` gives milliseconds. */
export function openReporter(printLine: (line: string) => void, now: () => number, everyMs = 2000): Reporter {
  let startedAt = now();
  let printedAt = 0;
  let printed = "";
  return {
    start: () => {
      startedAt = now();
      printedAt = 0;
      printed = "";
    },
    progress: (step, fraction, detail) => {
      // Jobs may be followed for days.
      if (now() - printedAt < (detail === printed ? SAME_MS : everyMs)) return;
      printedAt = now();
      printed = detail;
      printLine(`${step.padEnd(WIDTH)}${String(Math.floor(fraction * 100)).padStart(3)} %  ${detail}`);
    },
    finish: (step, detail) => {
      printLine(`${step.padEnd(WIDTH)}${((now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${detail}`);
    },
  };
}
