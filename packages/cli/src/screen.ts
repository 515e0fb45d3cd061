import { styleText } from "node:util";

/** What a text may look like on a terminal. */
export type Look = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Where a command writes: results on stdout, everything else on stderr. */
export interface Screen {
  /** Writes to stdout as it is; bytes for files and pictures. */
  write(content: string | Uint8Array): void;
  /** Writes what a job printed to stdout: to a terminal without what could do more to it than colour. */
  writeLog(chunk: Uint8Array): void;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a value to stdout as JSON that people can read too. */
  printJson(value: unknown): void;
  /** Writes a line to stderr; a bar that stands there is wiped first. */
  note(line: string): void;
  /** On a terminal a line on stderr that the next one replaces; nothing elsewhere. */
  showBar(text: string): void;
  /** The same with several lines, each cut already to the width of the terminal; what is higher than it is left out. */
  showBlock(lines: readonly string[]): void;
  /** Whether a person reads stdout. */
  readonly isTerminal: boolean;
  /** Whether a person reads stderr. */
  readonly isNoteTerminal: boolean;
  /** Columns of stdout; undefined where lines may be as long as they like. */
  readonly columns: number | undefined;
  /** Colours a text for stdout, or leaves it as it is. */
  paint(look: Look, text: string): string;
  /** The same for stderr. */
  paintNote(look: Look, text: string): string;
}

/** A stream that may be a terminal. */
export interface ScreenStream {
  write(content: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const COLUMNS = 80;
const ROWS = 24;

/** Opens the screen on two streams; colours are for terminals alone, and for none with NO_COLOR or a TERM that is dumb. */
export function openScreen(
  stdout: ScreenStream,
  stderr: ScreenStream,
  environment: Readonly<Record<string, string | undefined>>,
): Screen {
  const isTerminal = stdout.isTTY === true;
  const isNoteTerminal = stderr.isTTY === true;
  const hasColours = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  const decoder = new TextDecoder();
  let barLines = 0;
  const renderWipe = (): string => (barLines === 0 ? "" : `\r\u001b[K${"\u001b[A\u001b[K".repeat(barLines - 1)}`);
  const wipeBar = (): void => {
    if (barLines > 0) stderr.write(renderWipe());
    barLines = 0;
  };
  const showBlock = (lines: readonly string[]): void => {
    if (!isNoteTerminal) return;
    const shown = lines.slice(0, (stderr.rows || ROWS) - 1);
    // In one piece, or the terminal flickers.
    stderr.write(`${renderWipe()}${barLines === 0 ? "\r\u001b[K" : ""}${shown.map(tame).join("\n")}`);
    barLines = Math.max(1, shown.length);
  };
  const print = (line: string): void => {
    wipeBar();
    stdout.write(`${isTerminal ? tame(line) : line}\n`);
  };
  return {
    isTerminal,
    isNoteTerminal,
    columns: isTerminal ? stdout.columns || COLUMNS : undefined,
    write(content) {
      wipeBar();
      stdout.write(content);
    },
    writeLog(chunk) {
      wipeBar();
      stdout.write(isTerminal ? tame(decoder.decode(chunk, { stream: true })) : chunk);
    },
    print,
    printJson: (value) => print(JSON.stringify(value, null, 2)),
    note(line) {
      wipeBar();
      stderr.write(`${isNoteTerminal ? tame(line) : line}\n`);
    },
    showBar: (text) => showBlock([text.slice(0, (stderr.columns || COLUMNS) - 1)]),
    showBlock,
    paint: (look, text) => (isTerminal && hasColours ? paintText(look, text) : text),
    paintNote: (look, text) => (isNoteTerminal && hasColours ? paintText(look, text) : text),
  };
}

/** Names and values come from Labs that others made: colours are all that they may do to a terminal. */
function tame(text: string): string {
  return text.replace(/[^\P{Cc}\n\t](\[[0-9;]*m)?/gu, (found, colour: string | undefined) =>
    found.startsWith("\u001b") && colour !== undefined ? found : `\ufffd${found.slice(1)}`,
  );
}

function paintText(look: Look, text: string): string {
  return styleText(look, text, { validateStream: false });
}
