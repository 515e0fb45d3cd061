import { readFile } from "node:fs/promises";
import { CODES, RepxError } from "@repx/core/model";
import * as z from "zod";
import type { CommandCall } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { parseCommandLine } from "./parse-command-line.ts";
import { renderCommandHelp, renderProgramHelp } from "./render-help.ts";
import type { Screen } from "./screen.ts";

/** The exit status of a failure that nobody foresaw. */
const BUG = 70;
const ISSUES = "https://github.com/repx/action/issues";

/** Runs one command line and answers the exit status; whatever goes wrong is told on stderr. */
export async function runProgram(
  words: readonly string[],
  place: Pick<CommandCall, "screen" | "cwd" | "environment">,
): Promise<number> {
  const { screen } = place;
  try {
    const request = parseCommandLine(words, COMMANDS);
    if (request.kind === "version") {
      screen.print(`repx ${await readVersion()}`);
      return 0;
    }
    if (request.kind === "help") {
      screen.write(request.command === undefined ? renderProgramHelp(COMMANDS) : renderCommandHelp(request.command));
      return 0;
    }
    return await request.command.run({ ...place, ...request.line });
  } catch (error) {
    return tellFailure(error, screen);
  }
}

/** Tells on stderr why a command stops, and answers the exit status of the error's code. */
export function tellFailure(error: unknown, screen: Screen): number {
  if (error instanceof RepxError) {
    screen.note(`${screen.paintNote("red", `error[${error.code}]:`)} ${error.message}`);
    screen.note(`  ${screen.paintNote("cyan", "hint:")} ${error.hint}`);
    return CODES[error.code].exit;
  }
  screen.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  screen.note(`This is a bug in RepX. Please report it with the lines above: ${ISSUES}`);
  return BUG;
}

const Manifest = z.object({ version: z.string() });

async function readVersion(): Promise<string> {
  return Manifest.parse(JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"))).version;
}
