import { join } from "node:path";
import { SYSTEM_PATH, tryCommand, type CommandOptions, type CommandOutput } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";

/** The program as it is installed. */
export const REPX = join(REPOSITORY_ROOT, "packages/cli/bin/repx.mjs");

/** Runs the program as a person would who has the project's folder of programs on their PATH. */
export async function runRepx(args: readonly string[], options: CommandOptions = {}): Promise<CommandOutput> {
  const PATH = `${join(REPOSITORY_ROOT, "node_modules/.bin")}:${SYSTEM_PATH}`;
  return tryCommand([REPX, ...args], {
    timeoutSeconds: 100,
    ...options,
    environment: { HOME: "/nonexistent", ...options.environment, PATH },
  });
}
