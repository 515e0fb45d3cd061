import { styleText } from "node:util";

/** What a text may look like on a terminal. */
export type Look = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Where a command writes: results on stdout, everything else on stderr. */
export interface Screen {
  /** Writes to stdout as it is; bytes for files and pictures. */
  write(content: string | Uint8Array): void;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a value to stdout as JSON that people can read too. */
  printJson(value: unknown): void;
  /** Writes a line to stderr; a bar that stands there is wiped first. */
  note(line: string): void;
  /** On a terminal a line on stderr that the next one replaces; nothing elsewhere. */
  showBar(text: string): void;
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
}

const COLUMNS = 80;

/** Opens the screen on two streams; colours are for terminals alone, and for none with NO_COLOR or a TERM that is dumb. */
export function openScreen(
  stdout: ScreenStream,
  stderr: ScreenStream,
  environment: Readonly<Record<string, string | undefined>>,
): Screen {
  const isTerminal = stdout.isTTY === true;
  const isNoteTerminal = stderr.isTTY === true;
  const hasColours = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
  let hasBar = false;
  const wipeBar = (): void => {
    if (hasBar) stderr.write("\r\u001b[K");
    hasBar = false;
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
    print,
    printJson: (value) => print(JSON.stringify(value, null, 2)),
    note(line) {
      wipeBar();
      stderr.write(`${isNoteTerminal ? tame(line) : line}\n`);
    },
    showBar(text) {
      if (!isNoteTerminal) return;
      stderr.write(`\r\u001b[K${text.slice(0, (stderr.columns || COLUMNS) - 1)}`);
      hasBar = true;
    },
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
