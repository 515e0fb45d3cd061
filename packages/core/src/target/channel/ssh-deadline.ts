import { RepxError } from "../../model/errors.ts";
import { DEFAULT_DEADLINE_SECONDS, type RunRequest } from "../command/run-request.ts";

/** The time of one request: what is left of it, and the word that it is over while its command has not started. */
export interface SshDeadline {
  /** Rejects with SSH_TIMEOUT, unless stopped before. */
  readonly passed: Promise<never>;
  readonly signal: AbortSignal;
  secondsLeft(): number;
  readonly stop: () => void;
}

/** Starts a request's deadline. */
export function startSshDeadline(request: RunRequest, where: string): SshDeadline {
  const seconds = request.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS;
  const endsAtMs = performance.now() + seconds * 1000;
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const timer = setTimeout(() => {
    controller.abort();
    reject(describeLateStart(request, where, seconds));
  }, seconds * 1000);
  return {
    passed: promise,
    signal: controller.signal,
    secondsLeft: () => Math.max(0, endsAtMs - performance.now()) / 1000,
    stop: () => clearTimeout(timer),
  };
}

function describeLateStart(request: RunRequest, where: string, seconds: number): RepxError {
  const message = `\`${request.argv[0] ?? ""}\` on ${where} was not started within ${seconds} seconds`;
  return new RepxError("SSH_TIMEOUT", message, {
    hint: "The server took the connection but starts no command. See whether it is overloaded, then try again.",
  });
}
