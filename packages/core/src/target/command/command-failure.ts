import { RepxError } from "../../model/errors.ts";
import { DEFAULT_DEADLINE_SECONDS, type Output, type RunRequest } from "./run-request.ts";

/** The error for a command that did not end in its time. */
export function describeTimeout(request: RunRequest, where: string, output?: Output): RepxError {
  const seconds = request.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS;
  const message = `\`${request.argv[0] ?? ""}\` on ${where} did not end within ${seconds} seconds`;
  const hint = "See whether the target is overloaded or its file system hangs, then try again.";
  return new RepxError("SSH_TIMEOUT", message, { hint, details: output });
}

/** The error for a command that wrote more than can be held. */
export function describeOverflow(request: RunRequest, where: string): RepxError {
  return new RepxError("SSH_COMMAND_FAILED", `\`${request.argv[0] ?? ""}\` on ${where} wrote too much to its stdout`, {
    hint: "Look at what the command prints on the target; shell start-up files may print too.",
  });
}
