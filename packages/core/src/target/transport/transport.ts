// The one way in which anything runs on a target. Two kinds: this machine (local.ts) and SSH (ssh.ts); both pass
// transport.suite.ts. A command that fails is a value; only a broken way to the target throws.
import { RepxError, type Code } from "../../model/errors.ts";
import type { Target } from "../config/config.ts";
import type { Credentials } from "../connection/credentials.ts";
import { openLocal } from "./local.ts";
import { pickLoginEnvironment } from "./login-environment.ts";
import type { Output, RunRequest, Transport } from "../command/run-request.ts";
import { openSsh } from "./ssh.ts";

export type { Credentials } from "../connection/credentials.ts";
export type { Output, RunRequest, Terminal, Transport } from "../command/run-request.ts";

/** Opens the way to a target: SSH where it has an address, this machine where it has none. */
export async function openTransport(target: Target, credentials: Credentials): Promise<Transport> {
  if (target.address === undefined) {
    const { environment } = credentials;
    return openLocal(environment === undefined ? {} : { environment: pickLoginEnvironment(environment) });
  }
  return openSsh(target, credentials);
}

/** Runs a command that must succeed; the error's `details` is the Output. What goes in on stdin is never shown. */
export async function runChecked(
  transport: Transport,
  request: RunRequest,
  code: Code = "SSH_COMMAND_FAILED",
): Promise<Output> {
  const output = await transport.run(request);
  if (output.exitCode === 0) return output;
  const said = output.stderr.trim().split("\n").at(-1) ?? "";
  const how = output.signal === undefined ? `ended with ${output.exitCode}` : `was ended by ${output.signal}`;
  const message = `\`${nameCommand(request.argv)}\` on ${transport.description} ${how}${said === "" ? "" : `: ${said}`}`;
  throw new RepxError(code, message, {
    hint: `Run the command by hand on ${transport.description} to see all it says.`,
    details: output,
  });
}

/** Names a command in a message: its words up to the first long or many-lined one. */
export function nameCommand(argv: readonly string[]): string {
  const end = argv.findIndex((word) => word.length > 80 || word.includes("\n"));
  const words = end === -1 ? argv : [...argv.slice(0, end), "…"];
  return words.slice(0, 8).join(" ");
}
