import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lab } from "@repx/core/lab";
import { makeRepxLab, writeRepxLab } from "../../core/src/lab/repx-lab.fixture.ts";
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

/** Opens RepX's own Lab with other parameters for its two generators; its files go with it. */
export async function openLabOf(
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
): Promise<AsyncDisposable & { readonly lab: Lab }> {
  const folder = await mkdtemp(join(tmpdir(), "repx-cli-"));
  const files = makeRepxLab();
  const path = "revision/metadata-sim-run.json";
  const text = JSON.stringify(files.get(path))
    .replace('"params":{"offset":1,"mode":"slow"}', `"params":${JSON.stringify(first)}`)
    .replace('"params":{"offset":2,"mode":"slow"}', `"params":${JSON.stringify(second)}`);
  files.set(path, JSON.parse(text));
  await writeRepxLab(folder, files);
  const lab = await Lab.open(folder);
  return {
    lab,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
