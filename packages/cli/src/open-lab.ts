import { resolve } from "node:path";
import { Lab } from "@repx/core/lab";
import { RepxError } from "@repx/core/model";
import { LAB_FLAGS, type CommandCall } from "./command.ts";
import type { Screen } from "./screen.ts";

/** Opens the Lab that a command line names, or ./result; what a person should know of it is told on stderr. */
export async function openLab(call: Pick<CommandCall, "text" | "cwd" | "screen">): Promise<Lab> {
  const given = call.text("lab");
  const lab = await Lab.open(resolve(call.cwd, given ?? LAB_FLAGS.lab.fallback)).catch((error: unknown) => {
    throw explainMissing(given, error);
  });
  noteWarnings(call.screen, lab);
  return lab;
}

/** Tells what a person should know of a Lab. */
export function noteWarnings(screen: Screen, { warnings }: { readonly warnings: readonly string[] }): void {
  for (const warning of warnings) screen.note(`${screen.paintNote("yellow", "warning:")} ${warning}`);
}

/** Says of a Lab that is not there, and that nobody named, how to come by one; other errors stay as they are. */
export function explainMissing(given: string | undefined, cause: unknown): unknown {
  if (given !== undefined || !(cause instanceof RepxError) || cause.code !== "LAB_MISSING") return cause;
  return new RepxError("LAB_MISSING", `no Lab is named, and there is no ${LAB_FLAGS.lab.fallback}`, {
    hint: "Build it with `repx build`, or name a Lab with --lab PATH.",
    cause,
  });
}
