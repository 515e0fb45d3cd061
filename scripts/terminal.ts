import type { WriteStream } from "node:tty";

/** Prints steps with their times, and on a terminal a bar for what goes on. */
export interface Terminal {
  /** A line of its own; a bar that stands there is wiped first. */
  print(line: string): void;
  /** One line for a step that took so long. */
  printStep(name: string, seconds: number, detail: string): void;
  /** On a terminal a bar that the next line replaces; elsewhere a line every few seconds. */
  showProgress(name: string, fraction: number, detail: string): void;
  /** Prints a last line; what is said after it is dropped. */
  close(line: string): void;
}

const NAME_WIDTH = 10;
const BAR_WIDTH = 24;
const QUIET_MS = 3000;

/** Opens a terminal on a stream; `width` columns where the stream does not know its own. */
export function openTerminal(stream: WriteStream | NodeJS.WritableStream, now: () => number = Date.now): Terminal {
  const isTerminal = "isTTY" in stream && stream.isTTY;
  const width = "columns" in stream && stream.columns > 0 ? stream.columns : 80;
  let hasBar = false;
  let printedAt = 0;
  let isClosed = false;
  const print = (line: string): void => {
    if (isClosed) return;
    if (hasBar) stream.write("\r\u001b[K");
    hasBar = false;
    stream.write(`${line}\n`);
  };
  return {
    print,
    printStep: (name, seconds, detail) => print(renderStep(name, seconds, detail)),
    close: (line) => {
      print(line);
      isClosed = true;
    },
    showProgress: (name, fraction, detail) => {
      if (isClosed) return;
      if (isTerminal) {
        stream.write(`\r\u001b[K${renderBar(name, fraction, detail).slice(0, width - 1)}`);
        hasBar = true;
        return;
      }
      if (now() - printedAt < QUIET_MS) return;
      printedAt = now();
      print(`  ${name.padEnd(NAME_WIDTH)}${`${Math.floor(fraction * 100)} %`.padStart(8)}  ${detail}`);
    },
  };
}

/** Renders a finished step: name, seconds, what came of it. */
export function renderStep(name: string, seconds: number, detail: string): string {
  return `  ${name.padEnd(NAME_WIDTH)}${`${seconds.toFixed(1)} s`.padStart(8)}  ${detail}`;
}

/** Renders a step that goes on as a bar. */
export function renderBar(name: string, fraction: number, detail: string): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_WIDTH);
  return `  ${name.padEnd(NAME_WIDTH)}[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}]  ${detail}`;
}

/** Reads a line of the Action that tells of a step: `build     3.2 s  …` when done, `sync       40 %  …` on the way. */
export function parseStepLine(
  line: string,
):
  | { readonly name: string; readonly detail: string; readonly seconds?: number; readonly fraction?: number }
  | undefined {
  const match = /^([a-z]+) +([0-9.]+) (s|%) {2}(.*)$/.exec(line);
  const [, name, number, unit, detail] = match ?? [];
  if (name === undefined || number === undefined || detail === undefined) return undefined;
  return unit === "s" ? { name, detail, seconds: Number(number) } : { name, detail, fraction: Number(number) / 100 };
}
