import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ClientChannel } from "ssh2";
import { RepxError } from "../model/errors.ts";
import { describeOverflow, describeTimeout } from "./local.ts";
import { collectAll, collectTail, STDERR_KEPT_BYTES, STDOUT_LIMIT_BYTES } from "./output-buffer.ts";
import type { Output, RunRequest } from "./run-request.ts";
import { signalChannel } from "./signal-channel.ts";
import { writeAll } from "./write-all.ts";

/** How long a command has to end after it was asked to, before its channel is closed on it. */
const GRACE_SECONDS = 3;

/** How a command ended; without an exit code when its channel closed first. */
export interface CommandEnd {
  readonly exitCode?: number;
  readonly signal?: string;
}

/** A command that sshd has started. */
export interface RunningCommand {
  readonly channel: ClientChannel;
  readonly ended: Promise<CommandEnd>;
}

/** Starts a command on a channel of its own, or answers why sshd opened none. */
export async function startOnChannel(client: Client, command: string): Promise<RunningCommand | Error> {
  return new Promise((resolve) => {
    try {
      // Listening begins in the callback itself: the end may lie in the same packet and is not said again.
      client.exec(command, (error, channel) => resolve(error ?? { channel, ended: waitForEnd(channel) }));
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
  const { channel, ended } = command;
  const startedMs = performance.now();
  const stdout = collectAll(STDOUT_LIMIT_BYTES);
  const stderr = collectTail(STDERR_KEPT_BYTES);
  const render = (exitCode: number, signal?: string): Output => ({
    exitCode,
    ...(signal === undefined ? {} : { signal }),
    stdout: stdout.text(),
    stderr: stderr.text(),
    durationMs: performance.now() - startedMs,
  });
  const fail = startFailing(command);
  channel.on("data", (chunk: Buffer) => {
    if (!stdout.add(chunk)) fail.with(describeOverflow(request, where));
  });
  channel.stderr.on("data", (chunk: Buffer) => void stderr.add(chunk));
  const deadline = setTimeout(() => fail.with(describeTimeout(request, where, render(124))), secondsLeft * 1000);
  const fed = feedChannel(channel, request.stdin, ended).catch((error: unknown) => fail.with(error));
  try {
    const end = await Promise.race([ended, fail.failed]);
    await fed;
    if (fail.isFailing()) return await fail.failed;
    if (end.exitCode === undefined) throw describeLoss(request, where);
    return render(end.exitCode, end.signal);
  } finally {
    clearTimeout(deadline);
  }
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
  with(error: unknown): void;
  isFailing(): boolean;
  /** Only ever rejects. */
  readonly failed: Promise<never>;
}

/** Fails a run after its command was asked to end and had time to, so that it can clean up before the caller goes on. */
function startFailing(command: RunningCommand): Failing {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  let isFailing = false;
  const settle = async (error: unknown): Promise<void> => {
    await endCommand(command);
    reject(error);
  };
  return {
    failed: promise,
    isFailing: () => isFailing,
    with(error) {
      if (!isFailing) void settle(error);
      isFailing = true;
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

async function feedChannel(
  channel: ClientChannel,
  source: RunRequest["stdin"],
  ended: Promise<unknown>,
): Promise<void> {
  if (source === undefined || source instanceof Uint8Array) channel.end(source);
  else if (typeof source === "string") channel.end(source);
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
