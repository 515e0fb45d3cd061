import { describeOverflow, describeTimeout } from "../command/command-failure.ts";
import { runCommand, runInForeground } from "../command/command.ts";
import type { Output, RunRequest, Transport } from "../command/run-request.ts";

const DESCRIPTION = "this machine";

/** Opens this machine as a target. */
export async function openLocal(options: { environment?: Readonly<Record<string, string>> } = {}): Promise<Transport> {
  return {
    description: DESCRIPTION,
    run: async (request) => runLocally(request, options.environment),
    async [Symbol.asyncDispose]() {
      // Nothing is held: commands end with their own `run`.
    },
  };
}

async function runLocally(
  request: RunRequest,
  environment: Readonly<Record<string, string>> | undefined,
): Promise<Output> {
  const asked = environment === undefined ? request : { ...request, environment };
  if (request.terminal !== undefined) return runInForeground(asked);
  const { isTimedOut, isOverflown, ...output } = await runCommand(asked);
  if (isTimedOut) throw describeTimeout(request, DESCRIPTION, output);
  if (isOverflown) throw describeOverflow(request, DESCRIPTION);
  return output;
}
