import { RepxError } from "@repx/core/model";
import * as z from "zod";
import type { Screen } from "./screen.ts";

const LINES_SHOWN = 12;
/** The hint has it as a whole command. */
const NIX_ADVICE = "(use '--show-trace' to show detailed location information)";

const Log = z.object({ builderLines: z.array(z.string()).default([]), errors: z.array(z.string()).default([]) });

/** Shows the end of what Nix printed: the message says why in a line; whoever has to mend it wants the lines before. */
export function showBuildLog(error: unknown, screen: Screen): void {
  if (!(error instanceof RepxError)) return;
  const log = Log.safeParse(error.details).data;
  const all = log?.builderLines.length === 0 ? log.errors : (log?.builderLines ?? []);
  const lines = all.filter((line) => !line.includes(NIX_ADVICE)).slice(-LINES_SHOWN);
  const said = `${error.message}\n${error.hint}`;
  if (lines.every((line) => said.includes(line.trim().replace(/^(error|hint): /, "")))) return;
  for (const line of lines) screen.note(screen.paintNote("dim", `  | ${line}`));
}
