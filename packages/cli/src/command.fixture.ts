import { openScreen, type Screen, type ScreenStream } from "./screen.ts";
import { TARGET_FLAGS, type Command } from "./command.ts";

/** A command with something of everything, that does nothing. */
export const PAINT: Command = {
  name: "paint",
  summary: "paint a wall or a door",
  description: "Paints what it is told to, in the colour that is asked for, and says so when the paint has run out.",
  operands: [
    { name: "WHAT", summary: "what to paint", choices: ["wall", "door"] },
    { name: "PLACE", summary: "where it stands", isOptional: true, kind: "run" },
  ],
  flags: {
    ...TARGET_FLAGS,
    colour: {
      short: "c",
      value: "COLOUR",
      choices: ["red", "green"],
      isRepeatable: true,
      summary: "a colour that the paint is mixed of",
    },
    coats: { value: "NUMBER", summary: "how many coats", fallback: "1" },
    quickly: { short: "q", summary: "paint with a roller" },
  },
  examples: ["repx paint wall", "repx paint door kitchen --colour red --coats 2"],
  run: async () => 0,
};

/** One that takes nothing. */
export const WAIT: Command = {
  name: "wait",
  summary: "wait until the paint is dry",
  operands: [],
  flags: {},
  examples: ["repx wait"],
  run: async () => 0,
};

/** A screen that keeps what is written to it. */
export interface KeptScreen extends Screen {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** Opens a screen for a test: a terminal of so many columns, or a pipe. */
export function keepScreen(columns?: number, environment: Readonly<Record<string, string>> = {}): KeptScreen {
  const [stdout, stderr] = [keepStream(columns), keepStream(columns)];
  return { ...openScreen(stdout, stderr, environment), stdout: stdout.text, stderr: stderr.text };
}

function keepStream(columns: number | undefined): ScreenStream & { readonly text: () => string } {
  const parts: string[] = [];
  return {
    write: (content) => parts.push(typeof content === "string" ? content : new TextDecoder().decode(content)),
    ...(columns === undefined ? {} : { isTTY: true, columns }),
    text: () => parts.join(""),
  };
}
