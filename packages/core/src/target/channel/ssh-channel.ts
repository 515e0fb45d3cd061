import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ClientChannel } from "ssh2";
import { RepxError } from "../../model/errors.ts";
import { describeOverflow, describeTimeout } from "../command/command-failure.ts";
import {
  describeFailedLogin,
  describeSlowLogin,
  makeLoginMark,
  renderLoginCommand,
  startLoginFilter,
  type LoginMark,
} from "./login-command.ts";
import { collectAll, collectTail, STDERR_KEPT_BYTES, STDOUT_LIMIT_BYTES } from "../command/output-buffer.ts";
import { readAtPace, type Reading } from "../command/read-at-pace.ts";
import { DEFAULT_DEADLINE_SECONDS, type Output, type RunRequest } from "../command/run-request.ts";
import { attachTerminal, describeTerminal } from "./channel-terminal.ts";
import { signalChannel } from "./signal-channel.ts";
import { writeAll } from "../command/write-all.ts";

/** How long a command has to end after it was asked to, before its channel is closed on it. */
const GRACE_SECONDS = 3;
/** How long a login shell has to come to the command: start-up files load modules from slow file systems. */
const LOGIN_SECONDS = 60;

/** How a command ended; without an exit code when its channel closed first. */
export interface CommandEnd {
  readonly exitCode?: number;
  readonly signal?: string;
}

/** A command that sshd has handed to the user's login shell. */
export interface RunningCommand {
  readonly channel: ClientChannel;
  readonly ended: Promise<CommandEnd>;
  readonly mark: LoginMark;
}

/** Why there is no channel; with the number of RFC 4254 section 5.1 where the server refused to open one. */
export type NoChannel = Error & { readonly reason?: number };

/** Starts a command on a channel of its own, or answers why sshd opened none. */
export async function startOnChannel(
  client: Client,
  { argv, terminal }: Pick<RunRequest, "argv" | "terminal">,
): Promise<RunningCommand | NoChannel> {
  const mark = makeLoginMark();
  const command = renderLoginCommand(argv, mark);
  const options = terminal === undefined ? {} : { pty: describeTerminal(terminal) };
  return new Promise((resolve) => {
    try {
      // Listening begins in the callback itself: the end may lie in the same packet and is not said again.
      client.exec(command, options, (error, channel) =>
        resolve(error ?? { channel, ended: waitForEnd(channel), mark }),
      );
    } catch (error) {
      resolve(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** Runs the command that a channel was opened for; ends in its time even when the channel goes silent (ssh2#947). */
export async function runOnChannel(
  command: RunningCommand,
  request: RunRequest,
  where: string,
  secondsLeft: number,
): Promise<Output> {
  const { ended } = command;
  const fail = startFailing(command);
  const reading = startReadingOutput(command, request, where, fail.with);
  void fail.begun.then(reading.discard);
  const failLate = (seconds: number): void => {
    const output = reading.render({ exitCode: 124 });
    if (reading.isStarted()) fail.with(describeTimeout(request, where, output));
    else fail.with(describeSlowLogin(request, where, seconds, output));
  };
  const deadline = setTimeout(() => failLate(request.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS), secondsLeft * 1000);
  const login = setTimeout(() => reading.isStarted() || failLate(LOGIN_SECONDS), LOGIN_SECONDS * 1000);
  using _ = request.terminal === undefined ? undefined : attachTerminal(command.channel, request.terminal);
  const fed =
    request.terminal === undefined
      ? feedChannel(command, request.stdin, reading.started).catch((error: unknown) => fail.with(error))
      : undefined;
  try {
    const end = await Promise.race([ended, fail.failed]);
    await fed;
    if (fail.isFailing()) return await fail.failed;
    if (end.exitCode === undefined) throw describeLoss(request, where);
    const output = reading.render({ ...end, exitCode: end.exitCode });
    if (!reading.isStarted()) throw describeFailedLogin(request, where, output);
    return output;
  } finally {
    clearTimeout(deadline);
    clearTimeout(login);
  }
}

interface OutputReading extends Reading {
  /** Settles when the login shell has handed over to the command. */
  readonly started: Promise<void>;
  isStarted(): boolean;
  /** What the command said; what the login shell printed last as long as the command has not begun. */
  render(end: { readonly exitCode: number; readonly signal?: string }): Output;
}

/** Begins to read what a command says, without what the login shell printed before it. */
function startReadingOutput(
  { channel, mark }: RunningCommand,
  request: RunRequest,
  where: string,
  fail: (error: unknown) => void,
): OutputReading {
  const startedMs = performance.now();
  const login = { stdout: startLoginFilter(mark.stdout), stderr: startLoginFilter(mark.stderr) };
  const stdout = collectAll(STDOUT_LIMIT_BYTES);
  const stderr = collectTail(STDERR_KEPT_BYTES);
  const start = Promise.withResolvers<void>();
  const { terminal } = request;
  const onStdout = terminal === undefined ? request.onStdout : (chunk: Uint8Array) => void terminal.output.write(chunk);
  const takeStdout = (chunk: Buffer): void | Promise<void> => {
    const own = login.stdout.take(chunk);
    if (login.stdout.isPassed()) start.resolve();
    if (own === undefined) return;
    if (onStdout !== undefined) return onStdout(own);
    if (!stdout.add(own)) throw describeOverflow(request, where);
  };
  channel.stderr.on("data", (chunk: Buffer) => {
    const own = login.stderr.take(chunk);
    if (own !== undefined) stderr.add(own);
  });
  const render = (end: { readonly exitCode: number; readonly signal?: string }): Output => ({
    ...end,
    stdout: login.stdout.isPassed() ? stdout.text() : login.stdout.printed(),
    stderr: login.stdout.isPassed() ? stderr.text() : login.stderr.printed(),
    durationMs: performance.now() - startedMs,
  });
  return { ...readAtPace(channel, takeStdout, fail), started: start.promise, isStarted: login.stdout.isPassed, render };
}

/** Asks a command to end, and closes its channel when it has not in its time. */
export async function endCommand({ channel, ended }: RunningCommand): Promise<void> {
  signalChannel(channel, "TERM");
  const patience = sleep(GRACE_SECONDS * 1000, "late" as const, { ref: false });
  if ((await Promise.race([ended, patience])) !== "late") return;
  signalChannel(channel, "KILL");
  channel.destroy();
}

interface Failing {
  readonly with: (error: unknown) => void;
  isFailing(): boolean;
  /** Settles when it fails, before the command has had its time to end. */
  readonly begun: Promise<void>;
  /** Only ever rejects. */
  readonly failed: Promise<never>;
}

/** Fails a run after its command was asked to end and had time to, so that it can clean up before the caller goes on. */
function startFailing(command: RunningCommand): Failing {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const begin = Promise.withResolvers<void>();
  let isFailing = false;
  const settle = async (error: unknown): Promise<void> => {
    await endCommand(command);
    reject(error);
  };
  return {
    failed: promise,
    begun: begin.promise,
    isFailing: () => isFailing,
    with(error) {
      if (!isFailing) void settle(error);
      isFailing = true;
      begin.resolve();
    },
  };
}

async function waitForEnd(channel: ClientChannel): Promise<CommandEnd> {
  return new Promise((resolve) => {
    let end: CommandEnd = {};
    channel.on("exit", (code: number | null, signal?: string) => {
      end = code === null ? { exitCode: 128 + numberSignal(signal ?? ""), signal: signal ?? "" } : { exitCode: code };
    });
    channel.once("close", () => resolve(end));
    // Writing to a channel whose command has ended is no failure of ours; its exit code says whether it matters.
    channel.on("error", () => {});
  });
}

function numberSignal(name: string): number {
  return Object.entries(constants.signals).find(([signal]) => signal === name)?.[1] ?? 0;
}

/** Sends stdin once the command is there to read it: a start-up file that reads would take it otherwise. */
async function feedChannel(
  { channel, ended }: RunningCommand,
  source: RunRequest["stdin"],
  started: Promise<void>,
): Promise<void> {
  if (source === undefined) {
    channel.end();
    return;
  }
  await Promise.race([started, ended]);
  if (typeof source === "string" || source instanceof Uint8Array) channel.end(source);
  else {
    await writeAll(channel, source, ended);
    channel.end();
  }
}

function describeLoss(request: RunRequest, where: string): RepxError {
  return new RepxError("SSH_CONNECTION_LOST", `\`${request.argv[0] ?? ""}\` on ${where} ended without an exit status`, {
    hint: "Try again. If it happens again, look at sshd's log on the target.",
  });
}
