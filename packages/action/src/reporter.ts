import type { Reporter } from "@repx/core";

const WIDTH = 9;

/** Prints one line when a step ends, and progress at most every few seconds; `now` gives milliseconds. */
export function openReporter(printLine: (line: string) => void, now: () => number, everyMs = 2000): Reporter {
  let startedAt = now();
  let printedAt = 0;
  return {
    start: () => {
      startedAt = now();
      printedAt = 0;
    },
    progress: (step, fraction, detail) => {
      if (now() - printedAt < everyMs) return;
      printedAt = now();
      printLine(`${step.padEnd(WIDTH)}${String(Math.floor(fraction * 100)).padStart(3)} %  ${detail}`);
    },
    finish: (step, detail) => {
      printLine(`${step.padEnd(WIDTH)}${((now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${detail}`);
    },
  };
}
