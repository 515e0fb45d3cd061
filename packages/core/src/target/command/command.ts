// The only file that starts processes. Without a shell, each in a process group of its own, so that a deadline ends the
// whole family; what still runs when this process exits is ended then.
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { collectAll, collectTail, splitLines, STDERR_KEPT_BYTES, STDOUT_LIMIT_BYTES } from "./output-buffer.ts";
import { readAtPace } from "./read-at-pace.ts";
import { DEFAULT_DEADLINE_SECONDS, type Output, type RunRequest } from "./run-request.ts";
import { writeAll } from "./write-all.ts";

/** A command on this machine. */
export interface CommandRequest extends RunRequest {
  /** The whole environment; this process's own when not given. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Between SIGTERM and SIGKILL; 3 when not given. */
  readonly graceSeconds?: number;
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
}

/** An Output with what only the one who set the deadline can tell. */
export interface CommandOutput extends Output {
  readonly isTimedOut: boolean;
  /** More came on stdout than may be held; the command was ended and the text is not whole. */
  readonly isOverflown: boolean;
}

/** A running command whose stdout is read as it comes. */
export interface CommandStream extends AsyncDisposable {
  readonly stdout: Readable;
  /** Never rejects. Its `stdout` is empty. */
  readonly ended: Promise<CommandOutput>;
}

/** Runs a command to its end; rejects only when its stdin's source or the taker of its stdout fails. */
export async function runCommand(request: CommandRequest): Promise<CommandOutput> {
  const running = startProcess(request);
  const kept = collectAll(STDOUT_LIMIT_BYTES);
  const lines = request.onStdoutLine === undefined ? undefined : splitLines(request.onStdoutLine);
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    running.end();
  };
  const take = (chunk: Buffer): void | Promise<void> => {
    if (request.onStdout !== undefined) return request.onStdout(chunk);
    if (!kept.add(chunk)) running.overflow();
    lines?.add(chunk);
  };
  if (running.child.stdout !== null) readAtPace(running.child.stdout, take, fail);
  const fed = feed(running.child.stdin, request.stdin, running.ended).catch(fail);
  const output = await running.ended;
  lines?.end();
  await fed;
  if (failure !== undefined) throw failure.error;
  return { ...output, stdout: kept.text() };
}

/** Runs a command that has this process's own terminal; no deadline ends it, as a person does. */
export async function runInForeground(request: Pick<CommandRequest, "argv" | "environment" | "cwd">): Promise<Output> {
  const startedMs = performance.now();
  const { argv, environment: env, cwd } = request;
  const [program = "", ...words] = argv;
  const child = spawn(program, words, { stdio: "inherit", ...(env === undefined ? {} : { env }), cwd });
  const { exitCode, signal, failure = "" } = await waitForEnd(child);
  const named = signal === undefined ? {} : { signal };
  return { exitCode, ...named, stdout: "", stderr: failure, durationMs: performance.now() - startedMs };
}

/** Starts a command whose stdout is consumed as a stream; leaving early ends the command. */
export function streamCommand(request: Omit<CommandRequest, "onStdout" | "onStdoutLine">): CommandStream {
  const running = startProcess(request);
  const { stdout } = running.child;
  if (stdout === null) throw new TypeError("a child process was started without a pipe for stdout");
  // A source of stdin that fails shows in the command's own end.
  void feed(running.child.stdin, request.stdin, running.ended).catch(() => running.end());
  return {
    stdout,
    ended: running.ended,
    async [Symbol.asyncDispose]() {
      stdout.destroy();
      running.end();
      await running.ended;
    },
  };
}

interface RunningProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandOutput>;
  end(): void;
  overflow(): void;
}

const groups = new Set<number>();
process.on("exit", () => {
  for (const group of groups) signalGroup(group, "SIGKILL");
});

function startProcess(request: Omit<CommandRequest, "onStdout" | "onStdoutLine">): RunningProcess {
  const startedMs = performance.now();
  const child = spawnQuietly(request);
  const stderr = collectTail(STDERR_KEPT_BYTES);
  const lines = request.onStderrLine === undefined ? undefined : splitLines(request.onStderrLine);
  const flags = { isTimedOut: false, isOverflown: false };
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr.add(chunk);
    lines?.add(chunk);
  });
  const end = startEnding(child, request.graceSeconds ?? 3);
  const deadline = setTimeout(
    () => {
      flags.isTimedOut = true;
      end();
    },
    (request.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS) * 1000,
  );
  const ended = waitForEnd(child).then(({ exitCode, signal, failure }): CommandOutput => {
    clearTimeout(deadline);
    if (pid !== undefined) groups.delete(pid);
    lines?.end();
    const durationMs = performance.now() - startedMs;
    const named = signal === undefined ? {} : { signal };
    return { exitCode, ...named, stdout: "", stderr: failure ?? stderr.text(), durationMs, ...flags };
  });
  const overflow = (): void => {
    flags.isOverflown = true;
    end();
  };
  return { child, ended, end, overflow };
}

function spawnQuietly(request: Omit<CommandRequest, "onStdout" | "onStdoutLine">): ChildProcess {
  const [program, ...rest] = request.argv;
  if (program === undefined) throw new TypeError("a command needs at least one word");
  const options: SpawnOptions = { detached: true, stdio: ["pipe", "pipe", "pipe"] };
  if (request.environment !== undefined) options.env = { ...request.environment };
  if (request.cwd !== undefined) options.cwd = request.cwd;
  const child = spawn(program, rest, options);
  // A command may end without reading all of its stdin; its exit code says whether that matters.
  child.stdin?.on("error", () => {});
  return child;
}

/** Ends the group: SIGTERM, later SIGKILL, and at last the pipes, which a process that left the group may hold open. */
function startEnding(child: ChildProcess, graceSeconds: number): () => void {
  let isEnding = false;
  return () => {
    const { pid } = child;
    if (isEnding || pid === undefined) return;
    isEnding = true;
    signalGroup(pid, "SIGTERM");
    const kill = setTimeout(() => {
      signalGroup(pid, "SIGKILL");
      for (const pipe of child.stdio) pipe?.destroy();
    }, graceSeconds * 1000);
    child.once("close", () => clearTimeout(kill));
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group has ended by itself, which is what was wanted.
  }
}

async function waitForEnd(child: ChildProcess): Promise<{ exitCode: number; signal?: string; failure?: string }> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      // What a shell answers: 127 for a program that is not there, 126 for one that cannot be started.
      resolve({ exitCode: error.code === "ENOENT" ? 127 : 126, failure: error.message });
    });
    child.once("close", (code, signal) => {
      if (signal === null) resolve({ exitCode: code ?? 0 });
      else resolve({ exitCode: 128 + constants.signals[signal], signal });
    });
  });
}

/** Writes stdin at the reader's pace, until the source or the process ends. */
async function feed(sink: Writable | null, source: RunRequest["stdin"], ended: Promise<unknown>): Promise<undefined> {
  if (sink === null) return;
  if (source === undefined || typeof source === "string" || source instanceof Uint8Array) {
    sink.end(source ?? "");
    return;
  }
  await writeAll(sink, source, ended);
  sink.end();
}
