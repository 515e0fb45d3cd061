import { resolve } from "node:path";
import { Lab } from "@repx/core/lab";
import { LAB_FLAGS, type CommandCall } from "./command.ts";

/** Opens the Lab that a command line names, or ./result; what a person should know of it is told on stderr. */
export async function openLab(call: Pick<CommandCall, "text" | "cwd" | "screen">): Promise<Lab> {
  const lab = await Lab.open(resolve(call.cwd, call.text("lab") ?? LAB_FLAGS.lab.fallback));
  for (const warning of lab.warnings) call.screen.note(`${call.screen.paintNote("yellow", "warning:")} ${warning}`);
  return lab;
}
